//go:build linux

package credential

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/internal/proc"
)

// place makes a program where the user can run and cannot change it:
// dir/bin/app.
func place(t *testing.T) (dir, app string) {
	dir = t.TempDir()
	app = filepath.Join(dir, "bin", "app")
	must(t,
		os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, 0o755),
		os.Mkdir(filepath.Dir(app), 0o755), os.WriteFile(app, nil, 0o755), os.Chmod(app, 0o755),
	)
	return dir, app
}

// TestCheck goes through what is wrong with a place.
func TestCheck(t *testing.T) {
	rootOnly(t)
	for _, c := range []struct {
		name   string
		spoil  func(dir, app string) error
		groups []uint32
		want   string // part of the error; empty: none
	}{
		{name: "nothing"},
		{name: "the directory is root's alone", spoil: func(dir, _ string) error { return os.Chmod(dir, 0o700) }, want: `may not enter "DIR"`},
		{name: "the program is root's alone", spoil: func(_, app string) error { return os.Chmod(app, 0o700) }, want: `may not execute "DIR/bin/app"`},
		{name: "the program is the user's", spoil: func(_, app string) error { return os.Chown(app, uid, 0) }, want: `may write to "DIR/bin/app"`},
		{name: "the program is the user's, who has taken the right to write", spoil: func(_, app string) error {
			return join(os.Chown(app, uid, 0), os.Chmod(app, 0o555))
		}, want: `may write to "DIR/bin/app"`},
		{name: "the program is everybody's", spoil: func(_, app string) error { return os.Chmod(app, 0o777) }, want: `may write to "DIR/bin/app"`},
		{name: "the directory is the user's", spoil: func(_, app string) error { return os.Chown(filepath.Dir(app), uid, 0) }, want: `"DIR/bin" belongs to user 64999`},
		{name: "the directory is everybody's", spoil: func(_, app string) error { return os.Chmod(filepath.Dir(app), 0o777) }, want: `may write to "DIR/bin", so its worker could replace "DIR/bin/app"`},
		{name: "the directory above is everybody's", spoil: func(dir, _ string) error { return os.Chmod(dir, 0o777) }, want: `may write to "DIR", so its worker could replace "DIR/bin"`},
		{name: "the directory is sticky", spoil: func(_, app string) error { return os.Chmod(filepath.Dir(app), os.ModeSticky|0o777) }},
		{name: "the directory is sticky and the next one the user's", spoil: func(dir, app string) error {
			return join(os.Chmod(dir, os.ModeSticky|0o777), os.Chown(filepath.Dir(app), uid, 0))
		}, want: `could replace "DIR/bin"`},
		{name: "the directory is the group's", spoil: func(_, app string) error {
			return join(os.Chown(filepath.Dir(app), 0, gid), os.Chmod(filepath.Dir(app), 0o775))
		}, want: `may write to "DIR/bin"`},
		{name: "the directory is a supplementary group's", groups: []uint32{77}, spoil: func(_, app string) error {
			return join(os.Chown(filepath.Dir(app), 0, 77), os.Chmod(filepath.Dir(app), 0o775))
		}, want: `may write to "DIR/bin"`},
		{name: "the directory is another group's", spoil: func(_, app string) error {
			return join(os.Chown(filepath.Dir(app), 0, 77), os.Chmod(filepath.Dir(app), 0o775))
		}},
		{name: "the program is a group's", spoil: func(_, app string) error {
			return join(os.Chown(app, 0, gid), os.Chmod(app, 0o750))
		}},
		{name: "a link leads to a place of everybody's", spoil: func(dir, app string) error {
			open := filepath.Join(dir, "open")
			return join(os.Mkdir(open, 0o755), os.Chmod(open, 0o777),
				os.Rename(app, app+".real"),
				os.Symlink("../open/next", app), os.Symlink("../bin/app.real", filepath.Join(open, "next")))
		}, want: `may write to "DIR/open", so its worker could replace "DIR/open/next"`},
		{name: "a link", spoil: func(_, app string) error {
			return join(os.Rename(app, app+".real"), os.Symlink(app+".real", app))
		}},
		{name: "a link to itself", spoil: func(_, app string) error {
			return join(os.Remove(app), os.Symlink("app", app))
		}, want: "too many symbolic links"},
		{name: "no program", spoil: func(_, app string) error { return os.Remove(app) }, want: "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, app := place(t)
			if c.spoil != nil {
				must(t, c.spoil(dir, app))
			}
			err := Check(&proc.Credential{UID: uid, GID: gid, Groups: c.groups}, app)
			want := strings.ReplaceAll(c.want, "DIR", dir)
			switch {
			case want == "" && err != nil:
				t.Errorf("Check = %v, want no error", err)
			case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
				t.Errorf("Check = %v, want an error with %q", err, want)
			}
		})
	}
	if os.Geteuid() != 0 {
		t.Error("this process is not root any more")
	}
}

// TestCheckKept is about a state directory in the place of the worker's own data.
func TestCheckKept(t *testing.T) {
	rootOnly(t)
	for _, c := range []struct {
		name  string
		spoil func(dir, state string) error
		want  string // part of the error; empty: none
	}{
		{name: "nothing"},
		{name: "it is not there", spoil: func(_, state string) error { return os.Remove(state) }},
		{name: "nor is what is above", spoil: func(_, state string) error { return os.RemoveAll(filepath.Dir(state)) }},
		{name: "root's alone all the way", spoil: func(dir, _ string) error { return os.Chmod(dir, 0o700) }},
		{name: "the directory above is the user's", spoil: func(_, state string) error { return os.Chown(filepath.Dir(state), uid, 0) }, want: `"DIR/data" belongs to user 64999, so its worker could replace "DIR/data/state"`},
		{name: "the directory above is the user's, and it is not there", spoil: func(_, state string) error {
			return join(os.Remove(state), os.Chown(filepath.Dir(state), uid, 0))
		}, want: `could replace "DIR/data/state"`},
		{name: "one further up is everybody's", spoil: func(dir, _ string) error { return os.Chmod(dir, 0o777) }, want: `may write to "DIR", so its worker could replace "DIR/data"`},
		{name: "one further up is everybody's and sticky", spoil: func(dir, _ string) error { return os.Chmod(dir, os.ModeSticky|0o777) }},
		{name: "what is above is a link of the user's place", spoil: func(dir, state string) error {
			open := filepath.Join(dir, "open")
			return join(os.RemoveAll(filepath.Dir(state)), os.MkdirAll(filepath.Join(open, "state"), 0o755), os.Chown(open, uid, 0), os.Symlink("open", filepath.Dir(state)))
		}, want: `could replace "DIR/open/state"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, _ := place(t)
			state := filepath.Join(dir, "data", "state")
			must(t, os.Mkdir(filepath.Dir(state), 0o755), os.Mkdir(state, 0o700))
			if c.spoil != nil {
				must(t, c.spoil(dir, state))
			}
			err := CheckKept(&proc.Credential{UID: uid, GID: gid}, state)
			want := strings.ReplaceAll(c.want, "DIR", dir)
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("CheckKept = %v, want %q", err, want)
			}
		})
	}
}

func join(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestCheckWithoutRights has a process that can become nobody else.
func TestCheckWithoutRights(t *testing.T) {
	rootOnly(t)
	for _, c := range []struct {
		name    string
		numbers []int
		want    string
	}{
		{"the same", []int{uid, gid}, "<nil>"},
		{"the same, and its group again", []int{uid, gid, gid}, "<nil>"},
		{"another user", []int{1, gid}, "workers are to run as user 1, and this process, which is user 64999, cannot become another: start it as root"},
		{"another group", []int{uid, 1}, "workers are to run in group 1, and this process, which is user 64999 in group 64998, cannot become another: start it as root"},
		{"a supplementary group", []int{uid, gid, 7}, "workers are to be in group 7, and this process, which is user 64999, is not and cannot be: start it as root"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := checkAs(t, c.numbers...); got != c.want {
				t.Errorf("Check says %q, want %q", got, c.want)
			}
		})
	}
}
