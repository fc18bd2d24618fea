//go:build unix

package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

func open(t *testing.T, dir string) *Journal {
	t.Helper()
	j, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	return j
}

func TestEventsAreReadAgain(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	j.Append(admin.Event{Kind: admin.Fetched, Release: "b", Version: "1.1.0"})
	j.Append(admin.Event{Kind: admin.Trial, Release: "b", Generation: 2, Reason: "a\nb"})
	want, _ := j.Events(0, 10)
	j.Close()
	j = open(t, dir)
	got, known := j.Events(0, 10)
	if !known || !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, known %v, want %+v", got, known, want)
	}
	if v := j.Version("b"); v != "1.1.0" {
		t.Errorf("version of b is %q, want 1.1.0", v)
	}
	if e := j.Append(admin.Event{Kind: admin.Started}); e.ID != 3 {
		t.Errorf("the next event has ID %d, want 3", e.ID)
	}
	all := j.History(10)
	if len(all) != 1 || all[0].Result != admin.ResultCut || all[0].Generation != 2 {
		t.Errorf("history is %+v, want one that was interrupted", all)
	}
}

func TestSecondMasterKeepsInMemory(t *testing.T) {
	dir := t.TempDir()
	open(t, dir).Append(admin.Event{Kind: admin.Started})
	j, err := Open(dir)
	if !errors.Is(err, errShared) {
		t.Fatalf("error %v, want %v", err, errShared)
	}
	if e := j.Append(admin.Event{Kind: admin.Started}); e.ID != 1 {
		t.Errorf("ID %d, want 1", e.ID)
	}
}

func TestDamagedLinesAreLeftOut(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	j.Append(admin.Event{Kind: admin.Live, Generation: 1})
	j.Close()
	path := filepath.Join(dir, eventsFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, "{\"id\":\n\n{\"id\":0}\n{\"id\":7,\"kind\":\"gone\"}\n{\"id\":3}\n{\"id\":8,\"ki"...)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	j = open(t, dir)
	j.Append(admin.Event{Kind: admin.Started})
	j.Close()
	j = open(t, dir)
	var ids []uint64
	got, _ := j.Events(0, 10)
	for _, e := range got {
		ids = append(ids, e.ID)
	}
	if fmt.Sprint(ids) != "[1 7 8]" {
		t.Errorf("IDs %v, want [1 7 8]", ids)
	}
}

func TestFilesAreBounded(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	text := strings.Repeat("x", 2*maxText)
	for range 3 * maxEvents {
		j.Append(admin.Event{Kind: admin.Gone, Reason: text})
	}
	j.Close()
	info, err := os.Stat(filepath.Join(dir, eventsFile))
	if err != nil || info.Size() > maxFile+2*maxText {
		t.Fatalf("%v, %d bytes, want at most %d", err, info.Size(), maxFile)
	}
	j = open(t, dir)
	got, known := j.Events(0, 2*maxEvents)
	if len(got) == 0 || known || got[len(got)-1].ID != 3*maxEvents {
		t.Errorf("%d events, known %v, the last with ID %d, want ID %d", len(got), known, got[len(got)-1].ID, 3*maxEvents)
	}
}

func TestDirectoryThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("elsewhere", filepath.Join(dir, lockFile)); err != nil {
		t.Fatal(err)
	}
	j, err := Open(dir)
	if err == nil {
		t.Fatal("a link was followed")
	}
	j.Append(admin.Event{Kind: admin.Started})
	if events, _ := j.Events(0, 1); len(events) != 1 {
		t.Errorf("%d events, want 1", len(events))
	}
}

func TestFollowers(t *testing.T) {
	j := New()
	var all sync.WaitGroup
	for range 20 {
		f := j.Follow(0)
		all.Go(func() {
			for want := uint64(1); want <= maxEvents; want++ {
				if e, err := f.Next(t.Context()); err != nil || e.ID != want {
					t.Errorf("event %d, %v, want %d", e.ID, err, want)
					return
				}
			}
			if _, err := f.Next(t.Context()); !errors.Is(err, admin.ErrEnded) {
				t.Errorf("%v, want %v", err, admin.ErrEnded)
			}
		})
	}
	for range maxEvents {
		j.Append(admin.Event{Kind: admin.Gone})
	}
	j.Close()
	all.Wait()
}

func TestFollowerThatIsBehind(t *testing.T) {
	j := New()
	f := j.Follow(0)
	for range maxEvents + 1 {
		j.Append(admin.Event{Kind: admin.Gone})
	}
	if _, err := f.Next(t.Context()); !errors.Is(err, admin.ErrBehind) {
		t.Errorf("%v, want %v", err, admin.ErrBehind)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.Follow(j.Last()).Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}

func TestEventsAfter(t *testing.T) {
	j := New()
	for range 5 {
		j.Append(admin.Event{Kind: admin.Gone, Time: time.Unix(1, 0)})
	}
	for _, row := range []struct {
		after uint64
		limit int
		first uint64
		n     int
		known bool
	}{
		{0, 10, 1, 5, true},
		{0, 2, 4, 2, true},
		{3, 10, 4, 2, true},
		{5, 10, 0, 0, true},
		{9, 10, 0, 0, true},
	} {
		got, known := j.Events(row.after, row.limit)
		if len(got) != row.n || known != row.known || row.n > 0 && got[0].ID != row.first {
			t.Errorf("after %d, at most %d: %d events, known %v: %v", row.after, row.limit, len(got), known, got)
		}
	}
}

// A master that goes on in the place of another one knows what that one told, also
// what was not written.
func TestHandoff(t *testing.T) {
	for _, row := range []struct {
		name string
		open func(t *testing.T, dir string) *Journal
	}{
		{"in memory", func(*testing.T, string) *Journal { return New() }},
		{"on the disk", open},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			j := row.open(t, dir)
			j.Append(admin.Event{Kind: admin.Live, Release: "a"})
			j.Append(admin.Event{Kind: admin.Fetched, Release: "b", Version: "2"})
			j.Append(admin.Event{Kind: admin.Failed, Release: "b", Reason: "no"})
			j.Append(admin.Event{Kind: admin.Fetched, Release: "c"})
			j.Close()
			lost := filepath.Join(dir, eventsFile) // its last lines
			if text, err := os.ReadFile(lost); err == nil {
				if err := os.WriteFile(lost, text[:len(text)/2], 0o600); err != nil {
					t.Fatal(err)
				}
			}
			next := row.open(t, dir)
			next.Adopt(j.Handoff())
			next.Append(admin.Event{Kind: admin.Committed, Release: "c"})
			got, known := next.Events(0, 10)
			if len(got) != 5 || !known || got[4].ID != 5 {
				t.Errorf("%d events, known %v: %+v", len(got), known, got)
			}
			var all []string
			for _, a := range next.History(10) {
				all = append(all, fmt.Sprintf("%s>%s %s", a.From.Digest, a.To.Digest, a.Result))
			}
			if text := strings.Join(all, ", "); text != "a>c committed, a>b failed" {
				t.Errorf("history %q", text)
			}
			if next.Version("b") != "2" {
				t.Error("the version of b is forgotten")
			}
		})
	}
}
