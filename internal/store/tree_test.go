//go:build unix

package store

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/internal/archive"
	"github.com/seed-3d078585/overseer/internal/durable/durabletest"
	"github.com/seed-3d078585/overseer/release"
)

// A treeFile is a file of a release under test; one that begins with #! is
// executable, one whose body begins with "-> " a link.
type treeFile struct{ name, body string }

func treeTar(files ...treeFile) []byte {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, f := range files {
		h := tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.body)), Typeflag: tar.TypeReg}
		if strings.HasPrefix(f.body, "#!") {
			h.Mode = 0o755
		}
		if to, ok := strings.CutPrefix(f.body, "-> "); ok {
			h.Typeflag, h.Linkname, h.Size, f.body = tar.TypeSymlink, to, 0, ""
		}
		if err := w.WriteHeader(&h); err != nil {
			panic(err)
		}
		io.WriteString(w, f.body)
	}
	w.Close()
	return packed.Bytes()
}

// treeOf is a release that says its number, which lies in a file beside the
// program.
func treeOf(n int) []byte {
	return treeTar(
		treeFile{"bin/app", "#!/bin/sh\ncat \"$(dirname \"$0\")/../share/number\"\n"},
		treeFile{"share/number", fmt.Sprintln(n)},
		treeFile{"number", "-> share/number"},
	)
}

// newHome has the first release, made by hand.
func newHome(t testing.TB) string {
	t.Helper()
	home, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	first := filepath.Join(home, "releases", "first")
	must(t, errors.Join(os.MkdirAll(filepath.Join(first, "bin"), 0o755), os.Mkdir(filepath.Join(first, "share"), 0o755)))
	must(t, os.WriteFile(filepath.Join(first, "share/number"), []byte("1\n"), 0o644))
	must(t, os.WriteFile(filepath.Join(first, "bin/app"), []byte("#!/bin/sh\ncat \"$(dirname \"$0\")/../share/number\"\n"), 0o755))
	must(t, os.Symlink("releases/first", filepath.Join(home, "current")))
	return home
}

func openTrees(t testing.TB, home string, opts ...Option) *Store {
	t.Helper()
	s, err := OpenTrees(Trees{Home: home, Program: "bin/app"}, "", opts...)
	must(t, err)
	return s
}

// wantSays runs a program of a home.
func wantSays(t *testing.T, home, link string, n int) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), filepath.Join(home, link, "bin/app")).CombinedOutput()
	if err != nil || string(out) != fmt.Sprintln(n) {
		t.Fatalf("%s says %q, %v; want %d", link, out, err, n)
	}
}

// wantTrees lists the names in releases, the digests among them by the number
// of their release.
func wantTrees(t *testing.T, home string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(home, "releases"))
	must(t, err)
	var names []string
	for _, e := range entries {
		name := durabletest.CutRandom(e.Name())
		for n := range 20 {
			if name == sum(treeOf(n)).String() {
				name = fmt.Sprint(n)
			}
		}
		names = append(names, name)
	}
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Fatalf("releases are %q; want %q", names, want)
	}
}

// upgrade takes a release all the way.
func upgradeTree(t *testing.T, s *Store, n int) Installed {
	t.Helper()
	st := stage(t, s, treeOf(n))
	must(t, s.BeginTrial(st))
	done, err := s.Install(t.Context(), st)
	must(t, err)
	if done.Warnings != nil {
		t.Fatalf("install %d: %v", n, done.Warnings)
	}
	return done
}

func TestTreeUpgrade(t *testing.T) {
	home := newHome(t)
	s := openTrees(t, home)
	must(t, s.CanUpgrade())
	byHand, err := s.Installed(t.Context())
	must(t, err)

	st := stage(t, s, treeOf(2))
	if st.Digest() != sum(treeOf(2)) || st.Root() != filepath.Join(home, "releases", st.Digest().String()) || st.Path() != filepath.Join(st.Root(), "bin/app") {
		t.Fatalf("staged %v in %q as %q", st.Digest(), st.Root(), st.Path())
	}
	must(t, s.BeginTrial(st))
	// The candidate runs from its place while the proven one is installed.
	if out, err := exec.CommandContext(t.Context(), st.Path()).Output(); err != nil || string(out) != "2\n" {
		t.Fatalf("the candidate says %q, %v", out, err)
	}
	wantSays(t, home, "current", 1)
	if d, err := s.Installed(t.Context()); err != nil || d != byHand {
		t.Fatalf("installed during the trial is %v, %v", d, err)
	}
	done, err := s.Install(t.Context(), st)
	must(t, err)
	if want := (Installed{Path: filepath.Join(home, "current"), Previous: filepath.Join(home, "previous")}); fmt.Sprint(done) != fmt.Sprint(want) {
		t.Fatalf("Install = %+v; want %+v", done, want)
	}
	wantSays(t, home, "current", 2)
	wantSays(t, home, "previous", 1)
	if d, err := s.Installed(t.Context()); err != nil || d != st.Digest() {
		t.Fatalf("installed is %v, %v", d, err)
	}
	f, d, err := s.OpenInstalled(t.Context())
	must(t, err)
	kept, err := io.ReadAll(f)
	if must(t, f.Close()); err != nil || d != st.Digest() || !bytes.Equal(kept, treeOf(2)) {
		t.Fatalf("the archive of %v has %d bytes, %v", d, len(kept), err)
	}
	_, err = s.Install(t.Context(), st)
	mustIs(t, err, ErrEnded)
	must(t, st.Discard())

	upgradeTree(t, s, 3)
	wantSays(t, home, "previous", 2)
	must(t, s.Restore(t.Context()))
	wantSays(t, home, "current", 2)
	wantTrees(t, home, "first", "2", "3")
	wantFiles(t, s.Dir(), archiveOf(home, 2), archiveOf(home, 3), "lock")
}

func archiveOf(home string, n int) string {
	return filepath.Base(home) + archiveInfix + sum(treeOf(n)).String()
}

// The way back to the tree before is an upgrade like any other, from the archive
// that was kept: the tree that is there is proven by it, and not unpacked anew.
func TestTreeStagePrevious(t *testing.T) {
	home := newHome(t)
	s := openTrees(t, home)
	upgradeTree(t, s, 2)
	if s.HasPrevious() {
		t.Error("a tree that was made by hand has an archive")
	}
	_, err := s.StagePrevious(t.Context())
	mustIs(t, err, ErrNoPrevious)
	upgradeTree(t, s, 3)
	for _, step := range []struct{ to, from int }{{2, 3}, {3, 2}} {
		if !s.HasPrevious() {
			t.Fatal("no previous release")
		}
		st, err := s.StagePrevious(t.Context())
		must(t, err)
		if st.Digest() != sum(treeOf(step.to)) {
			t.Fatalf("staged %v, want %v", st.Digest(), sum(treeOf(step.to)))
		}
		must(t, s.BeginTrial(st))
		_, err = s.Install(t.Context(), st)
		must(t, err)
		wantSays(t, home, "current", step.to)
		wantSays(t, home, "previous", step.from)
		wantFiles(t, s.Dir(), archiveOf(home, 2), archiveOf(home, 3), "lock")
	}
	rec, err := s.Recover(t.Context())
	must(t, err)
	if len(rec.Removed) != 0 {
		t.Errorf("Recover removed %v", rec.Removed)
	}

	// A tree that was written to is not gone back to; nor is an archive believed.
	must(t, os.WriteFile(filepath.Join(home, "releases", sum(treeOf(2)).String(), "bin/app"), []byte("#!/bin/sh\necho evil\n"), 0o755))
	if st, err := s.StagePrevious(t.Context()); err == nil {
		must(t, st.Discard())
		t.Error("a tree that was written to was staged")
	}
	must(t, os.WriteFile(filepath.Join(s.Dir(), archiveOf(home, 2)), treeOf(7), 0o600))
	_, err = s.StagePrevious(t.Context())
	mustIs(t, err, ErrDigest)
}

func TestTreeDiscard(t *testing.T) {
	home := newHome(t)
	s := openTrees(t, home)
	st := stage(t, s, treeOf(2))
	must(t, st.Discard())
	must(t, st.Discard())
	wantTrees(t, home, "first")

	// What runs is not removed from under it; the next one to look does that.
	st = stage(t, s, treeOf(2))
	running, err := st.Hold()
	must(t, err)
	must(t, st.Discard())
	wantTrees(t, home, "first", "2")
	must(t, s.Quarantine(st.Digest(), "it failed", s.now().Add(1e12)))
	recover := func() {
		if r, err := s.Recover(t.Context()); err != nil || r.Warnings != nil || r.Interrupted != nil {
			t.Fatalf("Recover = %+v, %v", r, err)
		}
	}
	recover()
	wantTrees(t, home, "first", "2")
	must(t, running.Close())
	must(t, running.Close())
	recover()
	wantTrees(t, home, "first")
	_, err = s.Stage(t.Context(), bytesOf(t, treeOf(2)), 0)
	mustIs(t, err, ErrQuarantined)
	wantFiles(t, s.Dir(), "lock", "quarantine.json")
}

func TestTreeIsPruned(t *testing.T) {
	home := newHome(t)
	s := openTrees(t, home)
	upgradeTree(t, s, 2)
	upgradeTree(t, s, 3)
	running, err := s.Hold(t.Context()) // a generation of another master
	must(t, err)
	if running.Digest != sum(treeOf(3)) || running.ByHand || running.Root != filepath.Join(home, "releases", running.Digest.String()) {
		t.Fatalf("Hold = %+v", running)
	}
	for n := 4; n <= 7; n++ {
		upgradeTree(t, s, n)
	}
	wantTrees(t, home, "first", "3", "5", "6", "7")
	must(t, running.Close())
	upgradeTree(t, s, 8)
	wantTrees(t, home, "first", "6", "7", "8")
	wantSays(t, home, "previous", 7)
}

func TestTreeIsShared(t *testing.T) {
	home := newHome(t)
	a, b := openTrees(t, home), openTrees(t, home)
	one, two := stage(t, a, treeOf(2)), stage(t, b, treeOf(2))
	if one.Root() != two.Root() {
		t.Fatalf("%q and %q", one.Root(), two.Root())
	}
	wantTrees(t, home, "first", "2")
	must(t, errors.Join(a.BeginTrial(one), b.BeginTrial(two)))
	third := stage(t, a, treeOf(2))
	must(t, third.Discard())
	wantTrees(t, home, "first", "2")
	done, err := a.Install(t.Context(), one)
	if err != nil || done.Already {
		t.Fatalf("Install = %+v, %v", done, err)
	}
	done, err = b.Install(t.Context(), two)
	if err != nil || !done.Already || done.Warnings != nil {
		t.Fatalf("the second Install = %+v, %v; want it done already", done, err)
	}
	wantSays(t, home, "current", 2)
	wantSays(t, home, "previous", 1)
}

// A tree that was changed is never installed, and is unpacked anew where nobody
// runs from it.
func TestTreeThatWasChanged(t *testing.T) {
	home := newHome(t)
	s := openTrees(t, home)
	st := stage(t, s, treeOf(2))
	must(t, os.WriteFile(filepath.Join(st.Root(), "share/number"), []byte("9\n"), 0o644))
	_, err := s.Install(t.Context(), st)
	mustIs(t, err, ErrChanged)
	wantSays(t, home, "current", 1)
	_, err = s.Stage(t.Context(), bytesOf(t, treeOf(2)), 0)
	mustIs(t, err, ErrChanged) // st holds it
	letGo(st.tree.held)        // as if its master had died
	again := stage(t, s, treeOf(2))
	_, err = s.Install(t.Context(), again)
	must(t, err)
	wantSays(t, home, "current", 2)

	// What a program writes beside its own files is its affair.
	st = stage(t, s, treeOf(3))
	must(t, os.WriteFile(filepath.Join(st.Root(), "share/cache"), nil, 0o644))
	_, err = s.Install(t.Context(), st)
	must(t, err)
	wantTrees(t, home, "first", "2", "3")
}

func TestTreeIsRefused(t *testing.T) {
	for _, row := range []struct {
		name string
		data []byte
		says string
		want error
	}{
		{"no archive", []byte("#!/bin/sh\n"), "neither as a tar", archive.ErrRefused},
		{"packed", []byte("\x1f\x8b\x08packed"), "packed with gzip", archive.ErrRefused},
		{"leads out", treeTar(treeFile{"bin/app", "#!/bin/sh\n"}, treeFile{"../x", ""}), "leads out", archive.ErrRefused},
		{"no program", treeTar(treeFile{"bin/other", "#!/bin/sh\n"}), `no "bin/app"`, nil},
		{"not executable", treeTar(treeFile{"bin/app", "echo\n"}), "nobody may execute it", ErrNotFile},
		{"a directory", treeTar(treeFile{"bin/app/x", "#!/bin/sh\n"}), "it is a directory", ErrNotFile},
		{"a link to nothing", treeTar(treeFile{"bin/app", "-> other"}), `no "bin/app"`, nil},
		{"a link to the program", treeTar(treeFile{"bin/app", "-> other"}, treeFile{"bin/other", "#!/bin/sh\n"}), "", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			home := newHome(t)
			s := openTrees(t, home)
			st, err := s.Stage(t.Context(), bytesOf(t, row.data), 0)
			if row.says == "" {
				must(t, err)
				must(t, st.Discard())
			} else {
				var unfit *UnfitError
				if !errors.As(err, &unfit) || unfit.Digest != sum(row.data) || !errors.Is(err, ErrUnfit) || !strings.Contains(err.Error(), row.says) || row.want != nil && !errors.Is(err, row.want) {
					t.Fatalf("Stage: %v; want it unfit with %q", err, row.says)
				}
			}
			wantTrees(t, home, "first")
			wantFiles(t, s.Dir(), "lock")
		})
	}
}

func TestTreeHomes(t *testing.T) {
	home := newHome(t)
	first := filepath.Join(home, "releases/first")
	for _, row := range []struct {
		name string
		make func(home string) error
		open error // of OpenTrees
		can  error // of CanUpgrade
	}{
		{"empty", func(string) error { return nil }, ErrVanished, nil},
		{"a link to nothing", func(home string) error { return os.Symlink("releases/first", filepath.Join(home, "current")) }, ErrVanished, nil},
		{"a link elsewhere", func(home string) error { return os.Symlink(first, filepath.Join(home, "current")) }, nil, nil},
		{"a directory", func(home string) error { return os.CopyFS(filepath.Join(home, "current"), os.DirFS(first)) }, nil, ErrNotLink},
		{"no program", func(home string) error {
			return errors.Join(os.MkdirAll(filepath.Join(home, "v1/bin"), 0o755), os.Symlink("v1", filepath.Join(home, "current")))
		}, ErrVanished, nil},
		{"releases that all may write", func(home string) error {
			return errors.Join(os.Symlink(first, filepath.Join(home, "current")), os.Mkdir(filepath.Join(home, "releases"), 0o700), os.Chmod(filepath.Join(home, "releases"), 0o777))
		}, nil, ErrUnsafeDir},
	} {
		t.Run(row.name, func(t *testing.T) {
			home := t.TempDir()
			must(t, row.make(home))
			s, err := OpenTrees(Trees{Home: home, Program: "bin/app"}, "")
			if row.open != nil {
				mustIs(t, err, row.open)
				return
			}
			must(t, err)
			running, err := s.Hold(t.Context())
			must(t, err)
			if !running.ByHand || running.ID != running.Digest.String()[:40] {
				t.Errorf("Hold = %+v", running)
			}
			must(t, running.Close())
			_, _, err = s.OpenInstalled(t.Context())
			mustIs(t, err, ErrNoArchive)
			if row.can != nil {
				mustIs(t, s.CanUpgrade(), row.can)
				_, err := s.Stage(t.Context(), bytesOf(t, treeOf(2)), 0)
				mustIs(t, err, row.can)
				return
			}
			must(t, s.CanUpgrade())
			upgradeTree(t, s, 2)
			wantSays(t, home, "current", 2)
			wantSays(t, home, "previous", 1)
		})
	}
	for _, program := range []string{"", ".", "/bin/app", "../app", "bin/"} {
		if _, err := OpenTrees(Trees{Home: home, Program: program}, ""); err == nil {
			t.Errorf("program %q is taken", program)
		}
	}
	binary := open(t, newTarget(t, v1))
	_, err := binary.Hold(t.Context())
	mustIs(t, err, ErrNotTree)
	if root := stage(t, binary, v2).Root(); root != "" {
		t.Errorf("the root of a binary is %q", root)
	}
}

// What a master leaves behind that was killed.
func TestTreeSweep(t *testing.T) {
	home := newHome(t)
	s := openTrees(t, home)
	upgradeTree(t, s, 2)
	name := shorten(filepath.Base(home))
	mine := stage(t, s, treeOf(3))
	left := filepath.Join(home, "releases", candidateName(name, release.Digest{1}))
	must(t, os.MkdirAll(filepath.Join(left, "bin"), 0o700))
	live := filepath.Join(home, "releases", candidateName(name, release.Digest{2}))
	must(t, os.MkdirAll(live, 0o700))
	held, err := hold(live)
	must(t, err)
	defer letGo(held)
	foreign := filepath.Join(home, "releases", candidateName("other", release.Digest{1}))
	must(t, os.MkdirAll(foreign, 0o700))
	temp := filepath.Join(home, ".current.tmp-ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	must(t, os.Symlink("nowhere", temp))
	for _, file := range []string{unverifiedName(name), name + archiveInfix + sum(v1).String()} {
		must(t, os.WriteFile(filepath.Join(s.Dir(), file), v1, 0o600))
	}
	r, err := s.Recover(t.Context())
	if err != nil || r.Warnings != nil || len(r.Removed) != 4 {
		t.Fatalf("Recover = %+v, %v; want four leftovers removed", r, err)
	}
	for path, want := range map[string]bool{left: false, temp: false, live: true, foreign: true, mine.Path(): true, mine.tree.archivePath: true} {
		if isThere(path) != want {
			t.Errorf("%s is there: %v; want %v", path, !want, want)
		}
	}
	if f, _, err := s.OpenInstalled(t.Context()); err != nil || f.Close() != nil {
		t.Fatal(err)
	}
}
