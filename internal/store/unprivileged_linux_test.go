package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/seed-3d078585/overseer/internal/durable"
)

const nobody = 65534

func init() {
	// Prints what CanUpgrade and a whole upgrade say, one line each.
	children["upgrade"] = func(args []string) error {
		s, err := Open(args[0], "")
		if err != nil {
			return err
		}
		fmt.Println("can:", s.CanUpgrade())
		v, err := verifiedBytes(v2)
		if err != nil {
			return err
		}
		st, err := s.Stage(context.Background(), v, 0)
		if err != nil {
			fmt.Println("stage:", err)
			return nil
		}
		defer st.Discard()
		done, err := s.Install(context.Background(), st)
		fmt.Println("install:", err, done.Warnings)
		return nil
	}
}

// asNobody runs a child as a user without rights, in a directory of its own.
func asNobody(t *testing.T, name string, args ...string) string {
	t.Helper()
	from, err := os.Open("/proc/self/exe")
	must(t, err)
	defer from.Close()
	path := filepath.Join(t.TempDir(), "child")
	must(t, os.Chmod(filepath.Dir(filepath.Dir(path)), 0o755))
	must(t, durable.WithoutForks(func() error {
		to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, from)
		return errors.Join(err, to.Close())
	}))
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = []string{"STORE_TEST_CHILD=" + name}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("child: %v: %s", err, out)
	}
	return string(out)
}

func TestWithoutRights(t *testing.T) {
	asRoot(t)
	capability := []byte{1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	for _, row := range []struct {
		name     string
		prepare  func(target string) error
		want     []string
		upgraded bool
	}{
		{
			name:    "directory of root",
			prepare: func(string) error { return nil },
			want:    []string{"can: upgrade", "is not writable for user 65534", "stage: "},
		},
		{
			name: "its own",
			prepare: func(target string) error {
				return errors.Join(os.Chown(filepath.Dir(target), nobody, nobody), os.Chown(target, nobody, nobody))
			},
			want:     []string{"can: <nil>", "install: <nil> []"},
			upgraded: true,
		},
		{
			// fs.protected_hardlinks may forbid the link: a copy is kept.
			name:     "program of root",
			prepare:  func(target string) error { return os.Chown(filepath.Dir(target), nobody, nobody) },
			want:     []string{"can: <nil>", "install: <nil> [the new ", "cannot belong to 0:0"},
			upgraded: true,
		},
		{
			name: "set-id program of root",
			prepare: func(target string) error {
				return errors.Join(os.Chown(filepath.Dir(target), nobody, nobody), os.Chmod(target, 0o755|os.ModeSetuid))
			},
			want: []string{"can: upgrade", "is set-id", "install: install", "cannot be carried over"},
		},
		{
			name: "program with capabilities",
			prepare: func(target string) error {
				return errors.Join(os.Chown(filepath.Dir(target), nobody, nobody), os.Chown(target, nobody, nobody),
					unix.Setxattr(target, capabilityXattr, capability, 0))
			},
			want: []string{"can: upgrade", "AmbientCapabilities=", "install: install", "cannot be carried over"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			target := newTarget(t, v1)
			must(t, os.Chmod(filepath.Dir(filepath.Dir(target)), 0o755))
			must(t, row.prepare(target))
			before := rights(t, target)
			out := asNobody(t, "upgrade", target)
			for _, want := range row.want {
				if !strings.Contains(out, want) {
					t.Errorf("output lacks %q:\n%s", want, out)
				}
			}
			want := []string{".app.overseer/app.previous", ".app.overseer/lock", "app"}
			switch {
			case row.upgraded:
				wantContent(t, target, v2)
				wantContent(t, filepath.Join(filepath.Dir(target), ".app.overseer", "app.previous"), v1)
			default:
				wantContent(t, target, v1)
				if after := rights(t, target); after != before {
					t.Errorf("rights are %+v; want %+v", after, before)
				}
			}
			if row.upgraded {
				wantFiles(t, filepath.Dir(target), want...)
			} else {
				for _, name := range files(t, filepath.Dir(target)) {
					if strings.HasSuffix(name, "R") {
						t.Errorf("left %q behind", name)
					}
				}
			}
		})
	}
}
