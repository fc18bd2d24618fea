package overseer_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer"
	"golang.org/x/sys/unix"
)

var asksAgain = register("asks again", func() {
	c := webConfig()
	c.Program = direct
	err := overseer.RunErr(c)
	fmt.Fprintf(os.Stderr, "RunErr of user %d as %d, invalid %t: %v\n", os.Getuid(), os.Geteuid(), errors.Is(err, overseer.ErrConfig), err)
	os.Exit(4)
})

// TestSetID has somebody start a set-id program of root's with the variables by
// which a master talks to its own processes. One of them would have it execute
// what they like, as root.
func TestSetID(t *testing.T) {
	t.Parallel()
	for name, variable := range map[string]string{
		"shim":      `OVERSEER_SHIM={"report":3,"path":"/usr/bin/id"}`,
		"worker":    "OVERSEER_CONTROL=4",
		"fetch":     "OVERSEER_FETCH=4",
		"state":     "OVERSEER_STATE=5",
		"preflight": "OVERSEER_PREFLIGHT=3",
		"token":     "OVERSEER_BIN_CHECK=token",
		"older":     "OVERSEER_IS_SLAVE=1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, asksAgain, rooted(t, env("OVERSEER_NUM_FDS", "0"), func(s *service) {
				var fs unix.Statfs_t
				if err := unix.Statfs(s.Dir, &fs); err != nil || fs.Flags&unix.ST_NOSUID != 0 {
					t.Skipf("set-id programs gain no rights in %s", s.Dir)
				}
				writeRelease(t, s.Binary, plan{Version: "1"})
				if err := os.Chmod(s.Binary, 0o755|os.ModeSetuid); err != nil {
					t.Fatal(err)
				}
				_, report, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { report.Close() })
				pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
				if err != nil {
					t.Fatal(err)
				}
				near, far := os.NewFile(uintptr(pair[0]), "near"), os.NewFile(uintptr(pair[1]), "far")
				t.Cleanup(func() { near.Close(); far.Close() })
				state, err := os.Create(filepath.Join(t.TempDir(), "state"))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { state.Close() })
				s.cmd.ExtraFiles = []*os.File{report, near, state}
				s.cmd.Env = append(s.cmd.Env, variable)
				s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
			})...)
			if code := s.wait(); code != 4 {
				t.Errorf("exit code %d, want 4: it was not let go on", code)
			}
			says := fmt.Sprintf("RunErr of user %d as 0, invalid true: ", nobody)
			eventually(t, "it is refused", func() bool { return s.count(says, "set-id") == 1 })
			if s.count("euid=0") != 0 {
				t.Error("another program was executed with the rights of this one")
			}
		})
	}
}
