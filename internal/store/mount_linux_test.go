package store

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/seed-3d078585/overseer/release"
)

// tmpfs mounts a small filesystem of the test's own.
func tmpfs(t *testing.T, options string) string {
	t.Helper()
	asRoot(t)
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("skipped: mount: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount %q: %v", dir, err)
		}
	})
	return dir
}

func remount(t *testing.T, dir string, flags uintptr) {
	t.Helper()
	must(t, unix.Mount("", dir, "", unix.MS_REMOUNT|flags, ""))
}

func installedOn(t *testing.T, dir string) string {
	t.Helper()
	target := filepath.Join(dir, "app")
	must(t, os.WriteFile(target, v1, 0o755))
	return target
}

func TestFullDisk(t *testing.T) {
	dir := tmpfs(t, "size=256k")
	target := installedOn(t, dir)
	s := open(t, target)
	_, err := s.Stage(t.Context(), verified(t, release.Candidate{Body: io.LimitReader(endless{}, 1<<20)}), 0)
	mustIs(t, err, ErrNoSpace)
	wantFiles(t, dir, ".app.overseer/lock", "app")

	// Full after the staging: the Install needs next to nothing.
	st := stage(t, s, v2)
	must(t, s.BeginTrial(st))
	filler, err := os.Create(filepath.Join(dir, "filler"))
	must(t, err)
	_, err = io.Copy(filler, endless{})
	mustIs(t, err, unix.ENOSPC)
	must(t, filler.Close())
	mustIs(t, s.Quarantine(sum(v3), "r", s.now()), ErrNoSpace)
	done, err := s.Install(t.Context(), st)
	must(t, err)
	if done.Warnings != nil {
		t.Fatalf("warnings: %v", done.Warnings)
	}
	wantContent(t, target, v2)
	wantContent(t, done.Previous, v1)
	wantFiles(t, dir, ".app.overseer/app.previous", ".app.overseer/lock", "app", "filler")
}

func TestNoExecMount(t *testing.T) {
	dir := tmpfs(t, "size=1m")
	target := installedOn(t, dir)
	s := open(t, target)
	must(t, s.CanUpgrade())
	remount(t, dir, unix.MS_NOEXEC)
	mustIs(t, s.CanUpgrade(), ErrNoExec)
	_, err := s.Stage(t.Context(), bytesOf(t, v2), 0)
	mustIs(t, err, ErrNoExec)
	wantFiles(t, dir, "app")
}

func TestReadOnlyMount(t *testing.T) {
	dir := tmpfs(t, "size=1m")
	target := installedOn(t, dir)
	s := open(t, target)
	st := stage(t, s, v2)
	must(t, s.Quarantine(sum(v3), "r", s.now().Add(1e12)))
	remount(t, dir, unix.MS_RDONLY)
	mustIs(t, s.CanUpgrade(), ErrNotWritable)
	_, err := s.Stage(t.Context(), bytesOf(t, v2), 0)
	mustIs(t, err, ErrNotWritable)
	_, err = s.Install(t.Context(), st)
	mustIs(t, err, ErrNotWritable)
	if _, held, err := s.Quarantined(sum(v3)); !held || err != nil {
		t.Fatalf("Quarantined = %v, %v; want it known without writing", held, err)
	}
	if _, err := s.Recover(t.Context()); err != nil {
		t.Fatalf("Recover = %v; want nothing to fail where nothing is to do", err)
	}
	wantContent(t, target, v1)
	remount(t, dir, 0)
	_, err = s.Install(t.Context(), st)
	must(t, err)
}

// A state directory elsewhere: what must be renamed or linked is beside the
// target, and nothing needs the state directory's mount to allow execution.
func TestStateOnAnotherMount(t *testing.T) {
	state := filepath.Join(tmpfs(t, "size=1m"), "deep", "state")
	remount(t, filepath.Dir(filepath.Dir(state)), unix.MS_NOEXEC)
	target := newTarget(t, v1)
	s, err := Open(target, state)
	must(t, err)
	must(t, s.CanUpgrade())
	for _, content := range [][]byte{v2, v3} {
		st := stage(t, s, content)
		must(t, s.BeginTrial(st))
		_, err := s.Install(t.Context(), st)
		must(t, err)
	}
	wantContent(t, target, v3)
	wantContent(t, filepath.Join(filepath.Dir(target), ".app.previous"), v2)
	wantFiles(t, filepath.Dir(target), ".app.previous", "app")
	wantFiles(t, state, "lock")
}

// A bind mount has the same device number, and rename(2) does not cross it.
func TestStateOnBindMount(t *testing.T) {
	asRoot(t)
	target := newTarget(t, v1)
	back, state := t.TempDir(), filepath.Join(filepath.Dir(target), "state")
	must(t, errors.Join(os.Mkdir(state, 0o700), os.Chmod(back, 0o700)))
	if err := unix.Mount(back, state, "", unix.MS_BIND, ""); err != nil {
		t.Skipf("skipped: mount: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(state, unix.MNT_DETACH) })
	s, err := Open(target, state)
	must(t, err)
	must(t, life(s, v2))
	wantContent(t, target, v2)
	wantFiles(t, filepath.Dir(target), ".app.previous", "app", "state/lock")
}

func TestCarriesRights(t *testing.T) {
	asRoot(t)
	// cap_net_bind_service=ep, as setcap(8) writes it: vfs_cap_data of
	// revision 2 in little endian, capability 10.
	capability := []byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	for _, row := range []struct {
		name     string
		uid, gid int
		mode     os.FileMode
		cap      []byte
	}{
		{"plain", 0, 0, 0o755, nil},
		{"another owner", 65534, 65533, 0o640, nil},
		{"set-id", 65534, 65533, 0o755 | os.ModeSetuid | os.ModeSetgid, nil},
		{"capabilities", 65534, 65533, 0o750, capability},
	} {
		t.Run(row.name, func(t *testing.T) {
			target := newTarget(t, v1)
			must(t, errors.Join(os.Chown(target, row.uid, row.gid), os.Chmod(target, row.mode)))
			if row.cap != nil {
				if err := unix.Setxattr(target, capabilityXattr, row.cap, 0); err != nil {
					t.Skipf("skipped: setxattr: %v", err)
				}
			}
			before := rights(t, target)
			s := open(t, target)
			must(t, s.CanUpgrade())
			must(t, life(s, v2))
			wantContent(t, target, v2)
			if after := rights(t, target); before != after {
				t.Fatalf("rights are %+v; want %+v", after, before)
			}
		})
	}
}

type rightsOf struct {
	uid, gid, mode uint32
	cap            string
}

func rights(t *testing.T, path string) rightsOf {
	t.Helper()
	var st unix.Stat_t
	must(t, unix.Lstat(path, &st))
	value := make([]byte, 64)
	n, err := unix.Lgetxattr(path, capabilityXattr, value)
	if err != nil {
		n = 0
	}
	return rightsOf{st.Uid, st.Gid, st.Mode, string(bytes.Clone(value[:n]))}
}

// A disk that is full in the middle of the unpacking: nothing is left behind,
// and what runs is not touched.
func TestTreeOnAFullDisk(t *testing.T) {
	dir := tmpfs(t, "size=1m")
	home := filepath.Join(dir, "home")
	must(t, os.Mkdir(home, 0o755))
	first := filepath.Join(home, "releases/first/bin")
	must(t, os.MkdirAll(first, 0o755))
	must(t, os.WriteFile(filepath.Join(first, "app"), []byte("#!/bin/sh\necho 1\n"), 0o755))
	must(t, os.Symlink("releases/first", filepath.Join(home, "current")))
	s := openTrees(t, home)
	big := string(bytes.Repeat([]byte("data"), 100<<10)) // twice, it is more than there is
	data := treeTar(treeFile{"bin/app", "#!/bin/sh\n"}, treeFile{"a", big[:300<<10]}, treeFile{"b", big[:350<<10]})
	_, err := s.Stage(t.Context(), bytesOf(t, data), 0)
	mustIs(t, err, ErrNoSpace)
	wantTrees(t, home, "first")
	wantFiles(t, s.Dir(), "lock")
	wantSays(t, home, "current", 1)

	// Full after the staging: a link needs next to nothing.
	st := stage(t, s, treeOf(2))
	must(t, s.BeginTrial(st))
	filler, err := os.Create(filepath.Join(dir, "filler"))
	must(t, err)
	_, err = io.Copy(filler, endless{})
	mustIs(t, err, unix.ENOSPC)
	must(t, filler.Close())
	done, err := s.Install(t.Context(), st)
	must(t, err)
	if done.Warnings != nil {
		t.Fatalf("warnings: %v", done.Warnings)
	}
	wantSays(t, home, "current", 2)
	wantSays(t, home, "previous", 1)

	// On a disk that cannot be written to, what is installed still runs.
	remount(t, dir, unix.MS_RDONLY)
	mustIs(t, s.CanUpgrade(), ErrNotWritable)
	running, err := s.Hold(t.Context())
	must(t, err)
	must(t, running.Close())
	remount(t, dir, unix.MS_NOEXEC)
	mustIs(t, s.CanUpgrade(), ErrNoExec)
}
