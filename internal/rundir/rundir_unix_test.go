//go:build unix

package rundir

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestDir(t *testing.T) {
	for _, row := range []struct {
		name    string
		runtime string // what is in the variables, below a new directory
		session string
		prepare func(t *testing.T, root string)
		want    string
		fails   bool
	}{
		{name: "of a service", runtime: "svc", session: "session", want: "svc", prepare: mkdir("svc", 0o755)},
		{name: "of a service, which is not there", runtime: "svc", fails: true},
		{name: "of a session", session: ".", want: "overseer"},
		{name: "of a session, there already", session: ".", want: "overseer", prepare: mkdir("overseer", 0o700)},
		{name: "others may write", session: ".", prepare: mkdir("overseer", 0o777), fails: true},
		{name: "a link", session: ".", fails: true, prepare: func(t *testing.T, root string) {
			if err := os.Symlink("/", filepath.Join(root, "overseer")); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "of another user", session: ".", fails: true, prepare: func(t *testing.T, root string) {
			mkdir("overseer", 0o700)(t, root)
			if err := os.Chown(filepath.Join(root, "overseer"), 65534, 65534); err != nil {
				t.Skip(err)
			}
		}},
		{name: "in a session of another user", session: ".", fails: true, prepare: func(t *testing.T, root string) {
			mkdir("overseer", 0o700)(t, root)
			if err := os.Chown(root, 65534, 65534); err != nil {
				t.Skip(err)
			}
		}},
		{name: "in a directory in which others may rename it", session: ".", fails: true, prepare: func(t *testing.T, root string) {
			mkdir("overseer", 0o700)(t, root)
			if err := os.Chmod(root, 0o777); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "in one for all", session: ".", want: "overseer", prepare: func(t *testing.T, root string) {
			if err := os.Chmod(root, 0o777|os.ModeSticky); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "of a service, in a directory of another user's", runtime: "svc", fails: true, prepare: func(t *testing.T, root string) {
			mkdir("svc", 0o755)(t, root)
			if err := os.Chown(root, 65534, 65534); err != nil {
				t.Skip(err)
			}
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			root := t.TempDir()
			for name, value := range map[string]string{"RUNTIME_DIRECTORY": row.runtime, "XDG_RUNTIME_DIR": row.session} {
				if value != "" {
					value = filepath.Join(root, value)
				}
				t.Setenv(name, value)
			}
			if row.prepare != nil {
				row.prepare(t, root)
			}
			dir, err := Dir()
			if row.fails != (err != nil) || !row.fails && dir != filepath.Join(root, row.want) {
				t.Errorf("%q, %v, want %q", dir, err, row.want)
			}
		})
	}
}

func mkdir(name string, mode os.FileMode) func(*testing.T, string) {
	return func(t *testing.T, root string) {
		dir := filepath.Join(root, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	listen := func(name string) net.Listener {
		l, err := net.Listen("unix", filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		l.(*net.UnixListener).SetUnlinkOnClose(false)
		return l
	}
	dead, alive := Name("my-app", gone.Process.Pid), Name("app", os.Getpid())
	listen(dead).Close()
	listen(alive).Close()                       // it may be about to listen again
	listen(Name("elsewhere", gone.Process.Pid)) // of a process that cannot be seen from here
	listen("admin.sock").Close()
	Sweep(dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() == dead {
			t.Errorf("%s is left", dead)
		}
	}
	if len(entries) != 3 {
		t.Errorf("%v are left, want three", entries)
	}
}
