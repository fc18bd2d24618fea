package durabletest_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer/internal/durable"
	"github.com/seed-3d078585/overseer/internal/durable/durabletest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// contents returns, sorted, what a power cut may leave of the file "f", where
// "-" stands for no file and "0" for a byte that was never written, followed by
// the mode where that is not 0600.
func contents(cuts func(yield func(durabletest.Cut) bool)) string {
	all := map[string]bool{}
	for c := range cuts {
		f, ok := c.Files["f"]
		switch {
		case !ok:
			all["-"] = true
		default:
			text := strings.ReplaceAll(f.Data, "\x00", "0")
			if f.Mode.Perm() != 0o600 {
				text += f.Mode.Perm().String()
			}
			all[text] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(all)), " ")
}

// Each way to replace a file has exactly the outcomes that its manual pages
// leave open.
func TestCuts(t *testing.T) {
	for _, row := range []struct {
		name    string
		do      func(w writer)
		at, end string // of a power cut at any moment, and after the last step
	}{
		{"WriteFile", func(w writer) {
			must(w.t, w.WriteFile(w.path("f"), []byte("new"), 0o600))
		}, "new old", "new"},
		{"written in place", func(w writer) {
			w.write("f", "new")
		}, " 000 new old", " 000 new old"},
		{"written in place and flushed", func(w writer) {
			w.write("f", "new")
			w.sync("f")
		}, " 000 new old", "new"},
		{"the bytes are not flushed before the rename", func(w writer) {
			w.write("temp", "new")
			must(w.t, w.Replace(w.path("temp"), w.path("f")))
		}, " 000 new old", " 000 new"},
		{"the directory is not flushed after it", func(w writer) {
			w.write("temp", "new")
			w.sync("temp")
			must(w.t, w.Rename(w.path("temp"), w.path("f")))
		}, "new old", "new old"},
		{"the old one is renamed away first", func(w writer) {
			w.write("temp", "new")
			w.sync("temp")
			must(w.t, w.Rename(w.path("f"), w.path("backup")))
			must(w.t, w.Replace(w.path("temp"), w.path("f")))
		}, "- new old", "new"},
		{"moved to another directory", func(w writer) {
			must(w.t, w.Mkdir(w.path("sub"), 0o700))
			must(w.t, w.Replace(w.path("f"), w.path("sub/f")))
		}, "- old", "-"},
		{"the mode is not flushed", func(w writer) {
			must(w.t, w.mode("f", 0o700))
		}, "old old-rwx------", "old old-rwx------"},
		{"removed", func(w writer) {
			must(w.t, w.Remove(w.path("f")))
		}, "- old", "-"},
		{"removed behind its back", func(w writer) {
			must(w.t, os.Remove(w.path("f")))
		}, "- old", "- old"},
	} {
		t.Run(row.name, func(t *testing.T) {
			j, w := newWriter(t, nil)
			row.do(w)
			must(t, j.End())
			if got := contents(j.Cuts()); got != row.at {
				t.Errorf("a power cut may leave %q; want %q", got, row.at)
			}
			if got := contents(j.CutsAt(j.Now())); got != row.end {
				t.Errorf("a power cut at the end may leave %q; want %q", got, row.end)
			}
		})
	}
}

// A new directory whose name is not flushed takes with it all that is in it,
// however well that was flushed.
func TestCutOfADirectory(t *testing.T) {
	j, w := newWriter(t, nil)
	must(t, w.Do(durable.Step{Op: durable.Mkdir, Path: w.path("sub")}, func() error { return os.Mkdir(w.path("sub"), 0o700) }))
	must(t, w.WriteFile(w.path("sub/g"), []byte("kept"), 0o600))
	must(t, j.End())
	var with, without int
	for c := range j.CutsAt(j.Now()) {
		if c.Files["sub/g"].Data == "kept" {
			with++
		} else {
			without++
		}
	}
	if with != 1 || without != 1 {
		t.Fatalf("%d states with the file, %d without; want one of each", with, without)
	}
}

// A link may lead nowhere until it is flushed, and a tree that is flushed whole
// keeps all that is in it.
func TestCutOfALink(t *testing.T) {
	j, w := newWriter(t, nil)
	must(t, w.Do(durable.Step{Op: durable.Mkdir, Path: w.path("tree")}, func() error { return os.Mkdir(w.path("tree"), 0o700) }))
	must(t, w.Do(durable.Step{Op: durable.Symlink, Path: w.path("tree/l")}, func() error { return os.Symlink("../f", w.path("tree/l")) }))
	must(t, w.SyncTree(w.dir))
	must(t, w.ReplaceLink("f", w.path("m")))
	must(t, w.ReplaceLink("tree/l", w.path("m")))
	must(t, j.End())
	var leads []string
	for c := range j.Cuts() {
		for _, name := range []string{"tree/l", "m"} {
			if f, ok := c.Files[name]; ok && !slices.Contains(leads, name+">"+f.Data) {
				leads = append(leads, name+">"+f.Data)
			}
		}
	}
	slices.Sort(leads)
	if want := []string{"m>f", "m>tree/l", "tree/l>", "tree/l>../f"}; !slices.Equal(leads, want) {
		t.Errorf("links may lead as %q; want %q", leads, want)
	}
	for c := range j.CutsAt(j.Now()) {
		dir := t.TempDir()
		must(t, c.Lay(dir))
		if data, err := os.ReadFile(filepath.Join(dir, "m")); err != nil || string(data) != "old" {
			t.Errorf("through both links: %q, %v", data, err)
		}
	}
}

// A tree that was removed may come back in any part.
func TestCutOfARemovedTree(t *testing.T) {
	j, w := newWriter(t, nil)
	must(t, w.Mkdir(w.path("tree"), 0o700))
	must(t, w.Mkdir(w.path("tree/sub"), 0o700))
	must(t, w.WriteFile(w.path("tree/sub/g"), []byte("kept"), 0o600))
	must(t, w.RemoveAll(w.path("tree")))
	must(t, j.End())
	count := func(cuts func(func(durabletest.Cut) bool)) string {
		all := map[string]bool{}
		for c := range cuts {
			all[strings.Join(slices.Sorted(maps.Keys(c.Files)), ",")] = true
		}
		return strings.Join(slices.Sorted(maps.Keys(all)), " ")
	}
	const after = 11 // the step before its flush
	if got := count(j.CutsAt(after)); got != "f f,tree f,tree,tree/sub f,tree,tree/sub,tree/sub/g" {
		t.Errorf("after %q a power cut may leave %q", j.Lines()[after], got)
	}
	if got := count(j.CutsAt(j.Now())); got != "f" {
		t.Errorf("in the end a power cut may leave %q", got)
	}
}

func TestUnannounced(t *testing.T) {
	j, w := newWriter(t, nil)
	must(t, os.WriteFile(w.path("stray"), nil, 0o600))
	must(t, w.WriteFile(w.path("f"), []byte("new"), 0o600))
	must(t, os.Remove(w.path("stray")))
	must(t, j.End())
	if got := j.Unannounced(); !slices.Equal(got, []string{"+stray", "-stray"}) {
		t.Fatalf("unannounced are %q", got)
	}
}

// What a killed process has not flushed is not flushed for the next one either.
func TestResume(t *testing.T) {
	j, w := newWriter(t, durabletest.Once(6, errors.New("killed"))) // WriteFile's syncdir
	if err := w.WriteFile(w.path("f"), []byte("new"), 0o600); err == nil {
		t.Fatal("WriteFile came through")
	}
	must(t, j.End())
	next := t.TempDir()
	j, err := j.Resume(j.Now(), next, nil, func(text string) string { return strings.ToUpper(text) })
	must(t, err)
	w = writer{t, j.Disk(), next}
	if data, err := os.ReadFile(w.path("f")); string(data) != "NEW" || err != nil {
		t.Fatalf("the next process sees %q, %v; want NEW", data, err)
	}
	must(t, w.WriteFile(w.path("g"), nil, 0o600))
	must(t, j.End())
	if got := contents(j.CutsAt(0)); got != "NEW OLD" {
		t.Errorf("a power cut before its first step may leave %q; want NEW or OLD", got)
	}
	if got := contents(j.CutsAt(j.Now())); got != "NEW" {
		t.Errorf("a power cut after it has flushed the directory may leave %q; want NEW", got)
	}
}

func TestLay(t *testing.T) {
	j, w := newWriter(t, nil)
	must(t, w.Mkdir(w.path("sub"), 0o700))
	must(t, w.mode("f", 0o750))
	must(t, w.Link(w.path("f"), w.path("sub/g")))
	must(t, j.End())
	dir := t.TempDir()
	for c := range j.CutsAt(0) {
		must(t, c.Lay(dir))
	}
	if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) != 1 {
		t.Fatalf("laid out are %q; want f alone", names)
	}
	if _, err := j.Resume(j.Now(), filepath.Join(dir, "absent"), nil, nil); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("laid out where there is no directory: %v", err)
	}
	dir = t.TempDir()
	_, err := j.Resume(j.Now(), dir, nil, nil)
	must(t, err)
	f, err := os.Stat(filepath.Join(dir, "f"))
	must(t, err)
	g, err := os.Stat(filepath.Join(dir, "sub", "g"))
	must(t, err)
	if !os.SameFile(f, g) || f.Mode().Perm() != 0o750 {
		t.Fatalf("f is %v, linked %v; want 0750 and linked", f.Mode(), os.SameFile(f, g))
	}
}

func TestFaults(t *testing.T) {
	full, sick := syscall.Errno(28), true
	for _, row := range []struct {
		name  string
		fault durabletest.Fault
		want  []bool // which of four steps fail; the disk is well after the third
	}{
		{"once", durabletest.Once(2, full), []bool{false, true, false, false}},
		{"from", durabletest.From(2, full, func() bool { return !sick }), []bool{false, true, true, false}},
	} {
		t.Run(row.name, func(t *testing.T) {
			sick = true
			dir := t.TempDir()
			trace := &durabletest.Trace{Dir: dir, Fault: row.fault}
			for i, want := range row.want {
				sick = i < 3
				err := trace.Disk().Do(durable.Step{Op: durable.Write, Path: filepath.Join(dir, "f")}, func() error { return nil })
				if errors.Is(err, full) != want {
					t.Errorf("step %d: %v; want a failure: %v", i+1, err, want)
				}
			}
			if got := trace.Steps(); len(got) != 4 || got[0] != "write f" {
				t.Errorf("steps are %q", got)
			}
		})
	}
}

// A writer changes files in a directory, step by step.
type writer struct {
	t *testing.T
	durable.Disk
	dir string
}

// newWriter begins in a directory with a file "f" that holds "old".
func newWriter(t *testing.T, fault durabletest.Fault) (*durabletest.Journal, writer) {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "f"), []byte("old"), 0o600))
	j, err := durabletest.NewJournal(dir, fault)
	must(t, err)
	return j, writer{t, j.Disk(), dir}
}

func (w writer) path(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w writer) step(op durable.Op, name string, do func() error) error {
	return w.Do(durable.Step{Op: op, Path: w.path(name)}, do)
}

// write truncates as a step of its own: the moment between is one of a crash.
func (w writer) write(name, text string) {
	must(w.t, w.step(durable.Create, name, func() error { return os.WriteFile(w.path(name), nil, 0o600) }))
	must(w.t, w.step(durable.Write, name, func() error { return os.WriteFile(w.path(name), []byte(text), 0o600) }))
}

func (w writer) sync(name string) { must(w.t, w.step(durable.Sync, name, func() error { return nil })) }

func (w writer) mode(name string, mode os.FileMode) error {
	return w.step(durable.Mode, name, func() error { return os.Chmod(w.path(name), mode) })
}
