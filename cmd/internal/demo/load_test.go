package demo

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
)

// Only what a crash must take with it is put down to the crash.
func TestInsideACrash(t *testing.T) {
	crash := time.Now()
	for _, tt := range []struct {
		name        string
		kind        loadtest.Kind
		start, seen time.Duration // after the crash
		crash       time.Time
		want        bool
	}{
		{"cut as it crashed", loadtest.CutUnderRequest, -2 * time.Millisecond, -time.Millisecond, crash, true},
		{"answer cut short", loadtest.ShortBody, -2 * time.Millisecond, time.Millisecond, crash, true},
		{"begun afterwards", loadtest.CutUnderRequest, time.Millisecond, 2 * time.Millisecond, crash, false},
		{"long before", loadtest.CutUnderRequest, -3 * time.Second, -2 * time.Second, crash, false},
		{"refused", loadtest.Refused, -2 * time.Millisecond, -time.Millisecond, crash, false},
		{"bad status", loadtest.BadStatus, -2 * time.Millisecond, -time.Millisecond, crash, false},
		{"timeout", loadtest.Timeout, -10 * time.Second, time.Millisecond, crash, false},
		{"no crash known", loadtest.CutUnderRequest, -2 * time.Millisecond, -time.Millisecond, time.Time{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := loadtest.Result{Start: crash.Add(tt.start), Failure: &loadtest.Failure{Kind: tt.kind, Time: crash.Add(tt.seen)}}
			if got := inside(r, tt.crash); got != tt.want {
				t.Errorf("%v, begun %v and failed %v after the crash: inside is %v, want %v", tt.kind, tt.start, tt.seen, got, tt.want)
			}
		})
	}
}

func TestJudge(t *testing.T) {
	for _, tt := range []struct {
		name string
		traffic
		want string // in the error; empty: none
	}{
		{"all good", traffic{requests: 10}, ""},
		{"inside the crash", traffic{requests: 10, failed: 3, inCrash: 3}, ""},
		{"too many inside the crash", traffic{requests: 99, failed: 3 * clients, inCrash: 3 * clients}, "more than"},
		{"lost", traffic{requests: 10, failed: 3, inCrash: 1, examples: []string{"refused"}}, "2 of 10 requests failed: refused"},
		{"nothing asked", traffic{}, "no request"},
		{"bad release answered", traffic{requests: 10, byVersion: map[string]int64{"v5": 1, "v6": 9}}, "v5 answered 1 public"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.judge()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("judge says %v, want %q", err, tt.want)
			}
		})
	}
}
