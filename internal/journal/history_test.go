package journal

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

func TestHistory(t *testing.T) {
	boot := []admin.Event{{Kind: admin.Started}, {Kind: admin.Starting, Generation: 1}, {Kind: admin.Live, Generation: 1, Release: "a", Version: "1"}}
	for _, row := range []struct {
		name   string
		events []admin.Event
		want   string // from > to result (reason) steps, the newest first
	}{
		{"nothing", nil, ""},
		{"a restart", []admin.Event{{Kind: admin.Starting, Generation: 2}, {Kind: admin.Live, Generation: 2, Release: "a"}}, ""},
		{"an upgrade", []admin.Event{
			{Kind: admin.Fetched, Release: "b", Version: "2"},
			{Kind: admin.Starting, Release: "b", Generation: 2},
			{Kind: admin.Trial, Release: "b", Generation: 2},
			{Kind: admin.Committed, Release: "b"},
			{Kind: admin.Live, Release: "b", Generation: 2, Reason: "probation passed"},
		}, "a>b committed 4"},
		{"a rollback, then another", []admin.Event{
			{Kind: admin.Fetched, Release: "b"},
			{Kind: admin.Trial, Release: "b", Generation: 2},
			{Kind: admin.RolledBack, Release: "b", Generation: 2, Reason: "crash"},
			{Kind: admin.Live, Release: "a", Generation: 1, Reason: "put back"},
			{Kind: admin.Fetched, Release: "c"},
			{Kind: admin.Failed, Release: "c", Generation: 3, Reason: "not ready"},
		}, "a>c failed (not ready) 2, a>b rolled back (crash) 3"},
		{"refused again and again", []admin.Event{
			{Kind: admin.Refused, Release: "b", Reason: "no"},
			{Kind: admin.Refused, Release: "b", Reason: "no"},
			{Kind: admin.Refused, Release: "b", Reason: "never"},
		}, "a>b refused (never) 1, a>b refused (no) 1"},
		{"overtaken", []admin.Event{
			{Kind: admin.Fetched, Release: "b"},
			{Kind: admin.Fetched, Release: "c"},
		}, "a>c under way 1, a>b failed (another release came in between) 1"},
		{"cut off", []admin.Event{
			{Kind: admin.Fetched, Release: "b"},
			{Kind: admin.Started},
		}, "a>b interrupted (the master ended meanwhile) 1"},
		{"put off and tried again", []admin.Event{
			{Kind: admin.Fetched, Release: "b"},
			{Kind: admin.Failed, Release: "b", Generation: 2, Reason: "no memory"},
			{Kind: admin.Postponed, Release: "b"},
			{Kind: admin.Starting, Release: "b", Generation: 3},
			{Kind: admin.Committed, Release: "b"},
		}, "a>b committed 2, a>b failed (no memory) 2"},
		{"a link flipped", []admin.Event{
			{Kind: admin.Starting, Generation: 2},
			{Kind: admin.Trial, Generation: 2, Release: "b"},
			{Kind: admin.Live, Generation: 2, Release: "b", Reason: "probation passed"},
		}, "a>b committed (probation passed) 2"},
	} {
		t.Run(row.name, func(t *testing.T) {
			j := New()
			for i, e := range append(boot, row.events...) {
				e.Time = time.Unix(int64(i), 0)
				j.Append(e)
			}
			var got []string
			for _, a := range j.History(10) {
				reason := ""
				if a.Reason != "" {
					reason = " (" + a.Reason + ")"
				}
				got = append(got, fmt.Sprintf("%s>%s %s%s %d", a.From.Digest, a.To.Digest, a.Result, reason, len(a.Steps)))
			}
			if text := strings.Join(got, ", "); text != row.want {
				t.Errorf("got  %s\nwant %s", text, row.want)
			}
		})
	}
}
