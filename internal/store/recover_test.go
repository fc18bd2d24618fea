//go:build unix

package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func init() {
	// A master that stages, begins its trial, says so, and waits to be killed
	// or for the end of its input.
	children["master"] = func(args []string) error {
		s, err := Open(args[0], "")
		if err != nil {
			return err
		}
		v, err := verifiedBytes([]byte(args[1]))
		if err != nil {
			return err
		}
		st, err := s.Stage(context.Background(), v, 0)
		if err != nil {
			return err
		}
		if err := s.BeginTrial(st); err != nil {
			return err
		}
		fmt.Println(st.Path())
		_, err = io.Copy(io.Discard, os.Stdin)
		return errors.Join(err, s.EndTrial(st.Digest()), st.Discard())
	}
}

// startMaster returns the staged path and a function that ends the master.
func startMaster(t *testing.T, target string, content []byte) (path string, end func(kill bool)) {
	t.Helper()
	cmd := child(t, "master", target, string(content))
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	cmd.Stderr = os.Stderr
	must(t, cmd.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	must(t, err)
	return strings.TrimSpace(line), func(kill bool) {
		if kill {
			cmd.Process.Kill()
		} else {
			stdin.Close()
		}
		err := cmd.Wait()
		if !kill {
			must(t, err)
		}
	}
}

func TestRecoverCountsToThree(t *testing.T) {
	target := newTarget(t, v1)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := open(t, target, WithClock(func() time.Time { return now }))
	for attempt := 1; attempt <= 3; attempt++ {
		path, end := startMaster(t, target, v2)
		end(true)
		rec, err := s.Recover(t.Context())
		must(t, err)
		want := Interrupted{Digest: sum(v2), Attempts: attempt, Quarantined: attempt == 3}
		if len(rec.Interrupted) != 1 || rec.Interrupted[0] != want || len(rec.Removed) != 1 || rec.Removed[0] != path {
			t.Fatalf("attempt %d: Recover = %+v; want %+v and %q removed", attempt, rec, want, path)
		}
		again, err := s.Recover(t.Context())
		if err != nil || again.String() != "" {
			t.Fatalf("attempt %d: a second Recover = %v, %v; want nothing to do", attempt, again, err)
		}
	}
	entry, held, err := s.Quarantined(sum(v2))
	if err != nil || !held || !strings.Contains(entry.Reason, "3 trials") || !entry.Until.Equal(now.Add(24*time.Hour)) {
		t.Fatalf("Quarantined = %+v, %v, %v", entry, held, err)
	}
	_, err = s.Stage(t.Context(), bytesOf(t, v2), 0)
	mustIs(t, err, ErrQuarantined)
	now = now.Add(25 * time.Hour)
	stage(t, s, v2)
}

func TestRecoverLeavesLiveMastersAlone(t *testing.T) {
	target := newTarget(t, v1)
	live, end := startMaster(t, target, v2)
	dead, kill := startMaster(t, target, v2)
	kill(true)
	s := open(t, target)
	mine := stage(t, s, v3)
	must(t, s.BeginTrial(mine))
	rec, err := s.Recover(t.Context())
	must(t, err)
	if len(rec.Interrupted) != 1 || len(rec.Removed) != 1 || rec.Removed[0] != dead {
		t.Fatalf("Recover = %+v; want only %q", rec, dead)
	}
	wantContent(t, live, v2)
	wantContent(t, mine.Path(), v3)
	end(false)
	must(t, s.EndTrial(sum(v3)))
	trials, err := read[trialRecord](s, trialsFile)
	must(t, err)
	if len(trials.Trials) != 1 || trials.Trials[0].Owner != nil || trials.interrupted(sum(v2)) != 1 {
		t.Fatalf("trials are %+v; want one interrupted", trials)
	}
	_, err = s.Install(t.Context(), stage(t, s, v2)) // proven: the count goes
	must(t, err)
	must(t, mine.Discard())
	wantFiles(t, filepath.Dir(target), ".app.overseer/app.previous", ".app.overseer/lock", "app")
}

// However many masters tried it, one power cut is one interruption.
func TestRecoverCountsOneCutOnce(t *testing.T) {
	target := newTarget(t, v1)
	var kills []func(bool)
	for range 4 {
		_, kill := startMaster(t, target, v2)
		kills = append(kills, kill)
	}
	for _, kill := range kills {
		kill(true)
	}
	rec, err := open(t, target).Recover(t.Context())
	must(t, err)
	if len(rec.Interrupted) != 1 || rec.Interrupted[0].Attempts != 1 || len(rec.Removed) != 4 {
		t.Fatalf("Recover = %+v; want one interruption and four files removed", rec)
	}
}

func TestRecoverWritesNothingWhereNothingWas(t *testing.T) {
	target := newTarget(t, v1)
	rec, err := open(t, target).Recover(t.Context())
	if err != nil || rec.String() != "" {
		t.Fatalf("Recover = %v, %v", rec, err)
	}
	wantFiles(t, filepath.Dir(target), "app")
	if _, err := os.Stat(filepath.Join(filepath.Dir(target), ".app.overseer")); !os.IsNotExist(err) {
		t.Fatal("Recover made the state directory")
	}
}

// The link moved while nobody ran: what the dead master left at the old place
// goes too, and what only looks like it stays.
func TestRecoverFollowsTheTrial(t *testing.T) {
	dir := t.TempDir()
	must(t, errors.Join(
		os.WriteFile(filepath.Join(dir, "app-1"), v1, 0o755),
		os.WriteFile(filepath.Join(dir, "app-2"), v1, 0o755),
		os.WriteFile(filepath.Join(dir, ".app-1.candidate-list"), v1, 0o644),
		os.Symlink("app-1", filepath.Join(dir, "app")),
	))
	target := filepath.Join(dir, "app")
	s := open(t, target)
	left, kill := startMaster(t, target, v2)
	kill(true)
	must(t, errors.Join(os.Remove(target), os.Symlink("app-2", target)))
	rec, err := s.Recover(t.Context())
	must(t, err)
	if len(rec.Removed) != 1 || rec.Removed[0] != left {
		t.Fatalf("Recover = %+v; want %q removed", rec, left)
	}
	wantFiles(t, dir, ".app-1.candidate-list", ".app-1.overseer/lock", ".app-1.overseer/trials.json", "app", "app-1", "app-2")
}

func TestRecoverSeesTheCommit(t *testing.T) {
	target := newTarget(t, v1)
	_, kill := startMaster(t, target, v2)
	kill(true)
	must(t, os.WriteFile(target, v2, 0o755)) // the rename came through
	s := open(t, target)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Recover(ended)
	mustIs(t, err, context.Canceled)
	rec, err := s.Recover(t.Context())
	if err != nil || len(rec.Interrupted) != 0 {
		t.Fatalf("Recover = %+v, %v; want no interruption", rec, err)
	}
	wantFiles(t, filepath.Dir(target), ".app.overseer/lock", "app")
}

func TestOwnerLives(t *testing.T) {
	change := func(f func(*owner)) owner {
		o := self()
		f(&o)
		return o
	}
	if self().Start == "" {
		t.Skip("skipped: this system does not tell when a process started")
	}
	for _, row := range []struct {
		name       string
		o          owner
		held, want bool
	}{
		{name: "this process", o: self(), want: true},
		{name: "this process before its execve", o: change(func(o *owner) { o.Image = "earlier" })},
		{name: "another boot", o: change(func(o *owner) { o.Boot = "earlier" }), held: true},
		{name: "another process of our id", o: change(func(o *owner) { o.Start = "1" })},
		{name: "its parent", o: parentOwner(t), want: true},
		{name: "no such process", o: change(func(o *owner) { o.PID = 1 << 30 }), held: true},
		{name: "nonsense", o: change(func(o *owner) { o.PID = -1 })},
		{name: "next container, running", o: change(func(o *owner) { o.Namespace = "pid:[1]" }), held: true, want: true},
		{name: "next container, gone", o: change(func(o *owner) { o.Namespace = "pid:[1]" })},
	} {
		if got := row.o.lives(func() bool { return row.held }); got != row.want {
			t.Errorf("%s: lives = %v; want %v", row.name, got, row.want)
		}
	}
}

func parentOwner(t *testing.T) owner {
	t.Helper()
	o := self()
	o.PID = os.Getppid()
	var gone bool
	if o.Start, gone = processStart(o.PID); gone {
		t.Skip("skipped: the parent of the test has ended")
	}
	return o
}
