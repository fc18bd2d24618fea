//go:build unix

package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer/internal/durable"
	"github.com/seed-3d078585/overseer/internal/durable/durabletest"
)

func TestInstall(t *testing.T) {
	target := newTarget(t, v1)
	must(t, os.Chmod(target, 0o750))
	s := open(t, target)
	for i, step := range []struct{ content, previous []byte }{{v2, v1}, {v3, v2}, {v1, v3}} {
		st := stage(t, s, step.content)
		must(t, s.BeginTrial(st))
		done, err := s.Install(t.Context(), st)
		must(t, err)
		want := Installed{Path: target, Previous: filepath.Join(s.Dir(), "app.previous")}
		if done.Path != want.Path || done.Previous != want.Previous || done.Linked || done.Already || done.Warnings != nil {
			t.Fatalf("install %d: %+v; want %+v", i, done, want)
		}
		wantContent(t, target, step.content)
		wantContent(t, done.Previous, step.previous)
		wantFiles(t, filepath.Dir(target), ".app.overseer/app.previous", ".app.overseer/lock", "app")
		if info, _ := os.Stat(target); info.Mode() != 0o750 {
			t.Fatalf("install %d: mode is %v; want 0750", i, info.Mode())
		}
		mustIs(t, st.File().Close(), os.ErrClosed)
		_, err = s.Install(t.Context(), st)
		mustIs(t, err, ErrEnded)
		must(t, st.Discard())
		wantContent(t, target, step.content)
	}
}

func TestInstallFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	for _, sub := range []string{"one", "two"} {
		must(t, os.Mkdir(filepath.Join(dir, sub), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, sub, "app"), v1, 0o755))
	}
	link := filepath.Join(dir, "current")
	must(t, os.Symlink("one/app", link))
	s := open(t, link)
	done, err := s.Install(t.Context(), stage(t, s, v2))
	must(t, err)
	if !done.Linked || done.Path != filepath.Join(dir, "one", "app") {
		t.Fatalf("installed %+v; want a linked %q", done, filepath.Join(dir, "one", "app"))
	}
	if to, _ := os.Readlink(link); to != "one/app" {
		t.Fatalf("the link leads to %q; want it left alone", to)
	}

	// Moved between stage and install: nothing is replaced at either place.
	st := stage(t, s, v3)
	must(t, os.Remove(link))
	must(t, os.Symlink("two/app", link))
	_, err = s.Install(t.Context(), st)
	mustIs(t, err, ErrMoved)
	must(t, st.Discard())
	wantContent(t, filepath.Join(dir, "one", "app"), v2)
	wantContent(t, filepath.Join(dir, "two", "app"), v1)

	// What is staged now goes where the link leads now.
	_, err = s.Install(t.Context(), stage(t, s, v3))
	must(t, err)
	wantContent(t, filepath.Join(dir, "two", "app"), v3)
}

func TestInstallRefuses(t *testing.T) {
	for _, row := range []struct {
		name string
		harm func(t *testing.T, target string, st *Staged) error
		want error
	}{
		{"staged file written to", func(_ *testing.T, _ string, st *Staged) error { return os.WriteFile(st.Path(), v3, 0o700) }, ErrChanged},
		{"staged file longer", func(_ *testing.T, _ string, st *Staged) error {
			return os.WriteFile(st.Path(), append(v2[:len(v2):len(v2)], 0), 0o700)
		}, ErrChanged},
		{"staged file exchanged", func(_ *testing.T, _ string, st *Staged) error {
			return errors.Join(os.Remove(st.Path()), os.WriteFile(st.Path(), v2, 0o700))
		}, ErrChanged},
		{"staged file gone", func(_ *testing.T, _ string, st *Staged) error { return os.Remove(st.Path()) }, ErrChanged},
		{"target vanished", func(_ *testing.T, target string, _ *Staged) error { return os.Remove(target) }, ErrVanished},
		{"target is a directory", func(_ *testing.T, target string, _ *Staged) error {
			return errors.Join(os.Remove(target), os.Mkdir(target, 0o755))
		}, ErrNotFile},
		{"discarded", func(_ *testing.T, _ string, st *Staged) error { return st.Discard() }, ErrEnded},
	} {
		t.Run(row.name, func(t *testing.T) {
			target := newTarget(t, v1)
			s := open(t, target)
			st := stage(t, s, v2)
			must(t, row.harm(t, target, st))
			done, err := s.Install(t.Context(), st)
			mustIs(t, err, row.want)
			if done.Path != "" {
				t.Fatalf("Install = %+v; want the zero value", done)
			}
			must(t, st.Discard())
			if row.want == ErrVanished || row.want == ErrNotFile {
				return
			}
			wantContent(t, target, v1)
			wantFiles(t, filepath.Dir(target), ".app.overseer/lock", "app")
		})
	}
}

func TestInstallHonoursContext(t *testing.T) {
	s := open(t, newTarget(t, v1))
	st := stage(t, s, v2)
	unlock, err := s.lock(t.Context())
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Install(ctx, st)
	mustIs(t, err, context.Canceled)
	unlock()
	_, err = s.Install(t.Context(), st) // st is as good as before
	must(t, err)
}

// Two masters install the same release: the second must not lose the first
// one's previous.
func TestInstallTwiceKeepsPrevious(t *testing.T) {
	target := newTarget(t, v1)
	a, b := open(t, target), open(t, target)
	first, second := stage(t, a, v2), stage(t, b, v2)
	_, err := a.Install(t.Context(), first)
	must(t, err)
	done, err := b.Install(t.Context(), second)
	must(t, err)
	if !done.Already {
		t.Fatalf("Install = %+v; want Already", done)
	}
	wantContent(t, done.Previous, v1)
	wantFiles(t, filepath.Dir(target), ".app.overseer/app.previous", ".app.overseer/lock", "app")
}

// rename(2) of two names of one file does nothing and leaves both.
func TestInstallAfterOneThatEndedAtPrevious(t *testing.T) {
	target := newTarget(t, v1)
	s := open(t, target)
	st := stage(t, s, v2)
	must(t, os.Link(target, filepath.Join(s.Dir(), "app.previous")))
	done, err := s.Install(t.Context(), st)
	must(t, err)
	wantContent(t, done.Previous, v1)
	wantFiles(t, filepath.Dir(target), ".app.overseer/app.previous", ".app.overseer/lock", "app")
}

func TestInstallWithoutHardLinks(t *testing.T) {
	target := newTarget(t, v1)
	s := open(t, target, WithDisk(durable.Disk{Before: func(step durable.Step) error {
		if step.Op == durable.Link {
			return syscall.EPERM
		}
		return nil
	}}))
	done, err := s.Install(t.Context(), stage(t, s, v2))
	must(t, err)
	wantContent(t, target, v2)
	wantContent(t, done.Previous, v1)
	if info, _ := os.Stat(done.Previous); info.Mode() != 0o755 {
		t.Fatalf("the copy has mode %v; want 0755", info.Mode())
	}
	wantFiles(t, filepath.Dir(target), ".app.overseer/app.previous", ".app.overseer/lock", "app")
}

// The transcript of a whole upgrade: bytes are flushed before they get a name,
// names before the next step relies on them, and the record stands before
// anything could run.
func TestOrderOfSteps(t *testing.T) {
	target := newTarget(t, v1)
	tr := &durabletest.Trace{Dir: filepath.Dir(target)}
	must(t, life(open(t, target, WithDisk(tr.Disk())), v2))
	want := `mkdir .app.overseer
syncdir .
create .app.overseer/.app.candidate-unverified-R
write .app.overseer/.app.candidate-unverified-R
mode .app.overseer/.app.candidate-unverified-R
sync .app.overseer/.app.candidate-unverified-R
rename .app.overseer/.app.candidate-unverified-R -> .app.candidate-D1-R
syncdir .
syncdir .app.overseer
create .app.overseer/.trials.json.tmp-R
write .app.overseer/.trials.json.tmp-R
sync .app.overseer/.trials.json.tmp-R
close .app.overseer/.trials.json.tmp-R
rename .app.overseer/.trials.json.tmp-R -> .app.overseer/trials.json
syncdir .app.overseer
link app -> .app.overseer/.app.previous.tmp-R
syncdir .app.overseer
rename .app.overseer/.app.previous.tmp-R -> .app.overseer/app.previous
syncdir .app.overseer
own .app.candidate-D1-R
mode .app.candidate-D1-R
xattr .app.candidate-D1-R
sync .app.candidate-D1-R
rename .app.candidate-D1-R -> app
syncdir .
remove .app.overseer/trials.json
syncdir .app.overseer`
	if got := replaceDigest(strings.Join(tr.Steps(), "\n"), v2); got != want {
		t.Fatalf("steps:\n%s\nwant:\n%s", got, want)
	}
}

// Whichever step fails, the target is whole and nothing is left behind but the
// state itself.
func TestFailureAtEachStep(t *testing.T) {
	allowed := []string{".app.overseer/app.previous", ".app.overseer/lock", ".app.overseer/trials.json", "app"}
	for step := 1; ; step++ {
		target := newTarget(t, v1)
		tr := &durabletest.Trace{Dir: filepath.Dir(target), Fault: durabletest.Once(step, syscall.ENOSPC)}
		s := open(t, target, WithDisk(tr.Disk()))
		err := life(s, v2)
		if len(tr.Steps()) < step {
			must(t, err)
			return
		}
		at := fmt.Sprintf("step %d (%s)", step, tr.Steps()[step-1])
		got, _ := os.ReadFile(target)
		if !bytes.Equal(got, v1) && !bytes.Equal(got, v2) {
			t.Fatalf("%s: target holds %q; want one version, whole", at, got)
		}
		if err == nil && !bytes.Equal(got, v2) {
			t.Fatalf("%s: no error, and target holds %q", at, got)
		}
		if err != nil && (!errors.Is(err, syscall.ENOSPC) || !errors.Is(err, ErrNoSpace)) {
			t.Fatalf("%s: %v; want ErrNoSpace", at, err)
		}
		for _, name := range files(t, filepath.Dir(target)) {
			if !slices.Contains(allowed, name) {
				t.Fatalf("%s: left %q behind", at, name)
			}
		}
		// And the next one comes through.
		must(t, life(open(t, target), v3))
		wantContent(t, target, v3)
	}
}

func init() {
	children["life"] = func(args []string) error {
		var failAt int
		if _, err := fmt.Sscan(args[1], &failAt); err != nil {
			return err
		}
		tr := &durabletest.Trace{Dir: filepath.Dir(args[0]), Fault: durabletest.Kill(failAt)}
		s, err := Open(args[0], "", WithDisk(tr.Disk()))
		if err != nil {
			return err
		}
		return life(s, v2)
	}
}

// Whichever step the master is killed at, the target is whole, and the next
// start tidies up and knows what was tried.
func TestKillAtEachStep(t *testing.T) {
	for step := 1; ; step++ {
		target := newTarget(t, v1)
		out, err := child(t, "life", target, fmt.Sprint(step)).CombinedOutput()
		if err == nil {
			if step < 20 {
				t.Fatalf("only %d steps", step)
			}
			return
		}
		if len(out) > 0 {
			t.Fatalf("step %d: %v: %s", step, err, out)
		}
		got, _ := os.ReadFile(target)
		if !bytes.Equal(got, v1) && !bytes.Equal(got, v2) {
			t.Fatalf("step %d: target holds %q; want one version, whole", step, got)
		}
		s := open(t, target)
		on := func() bool { _, err := os.Stat(filepath.Join(s.Dir(), trialsFile)); return err == nil }
		tried := on()
		rec, err := s.Recover(t.Context())
		must(t, err)
		if rec.Warnings != nil {
			t.Fatalf("step %d: %v", step, rec.Warnings)
		}
		counted := len(rec.Interrupted) == 1 && rec.Interrupted[0] == Interrupted{Digest: sum(v2), Attempts: 1}
		if installed := bytes.Equal(got, v2); counted != (tried && !installed) || on() != counted {
			t.Fatalf("step %d: tried %v, installed %v, and Recover says %+v", step, tried, installed, rec)
		}
		for _, name := range files(t, filepath.Dir(target)) {
			if strings.HasSuffix(name, "R") {
				t.Fatalf("step %d: %q is left after %v", step, name, rec)
			}
		}
		must(t, life(s, v3))
		wantContent(t, target, v3)
	}
}

// What a killed or failing master has renamed and not flushed, the next one
// flushes before it says that it is done, however little is left to do.
func TestInstallFlushesWhatWasRenamedBefore(t *testing.T) {
	for _, op := range []struct{ name, step string }{
		{"the program", "syncdir ."},
		{"the previous one", "syncdir .app.overseer"},
	} {
		t.Run(op.name, func(t *testing.T) {
			target := newTarget(t, v1)
			first, second := stage(t, open(t, target), v2), stage(t, open(t, target), v2)
			renamed := false
			j, err := durabletest.NewJournal(filepath.Dir(target), func(_ int, s durable.Step) error {
				line := durabletest.Line(filepath.Dir(target), s)
				if renamed && line == op.step {
					renamed = false
					return syscall.EIO
				}
				renamed = renamed || s.Op == durable.Rename && (s.To == target) == (op.step == "syncdir .")
				return nil
			})
			must(t, err)
			a, b := open(t, target, WithDisk(j.Disk())), open(t, target, WithDisk(j.Disk()))
			done, err := a.Install(t.Context(), first)
			if err == nil && len(done.Warnings) == 0 {
				t.Fatal("the failure was not told")
			}
			done, err = b.Install(t.Context(), second)
			must(t, err)
			must(t, j.End())
			for c := range j.CutsAt(j.Now()) {
				if c.Files["app"].Data != string(v2) || c.Files[".app.overseer/app.previous"].Data != string(v1) {
					t.Fatalf("after %+v a power cut leaves %+v", done, c.Files)
				}
			}
		})
	}
}
