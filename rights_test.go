//go:build linux

package overseer_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer"
	"golang.org/x/sys/unix"
)

// placed is the web service with a state directory of the test's choice.
var placed = register("placed", func() {
	c := webConfig()
	c.StateDir = os.Getenv("TEST_STATE_DIR")
	c.Program = serveWeb
	overseer.Run(c)
})

// nobody is a user who owns nothing but what a test gives.
const nobody = 65534

func rootOnly(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root: cannot become another user, mount or set file capabilities")
	}
}

// asNobody starts the service as another user, in a directory and from a binary
// of its own.
func asNobody(t *testing.T) option {
	rootOnly(t)
	return func(s *service) {
		if _, err := os.Lstat(s.Binary); err != nil {
			writeRelease(t, s.Binary, plan{Version: "1"})
		}
		if err := errors.Join(
			os.Chmod(filepath.Dir(s.Dir), 0o755),
			os.Chown(s.Dir, nobody, nobody),
			os.Chown(s.Binary, nobody, nobody),
		); err != nil {
			t.Fatal(err)
		}
		s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
}

// tmpfs mounts a small filesystem until the end of the test.
func tmpfs(t *testing.T, flags uintptr, options string) (dir string) {
	t.Helper()
	rootOnly(t)
	dir = t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", flags, options); err != nil {
		t.Skipf("nothing can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount %q: %v", dir, err)
		}
	})
	return dir
}

// upgrades publishes version 2 and waits until it is installed and serves.
func (s *service) upgrades() {
	s.t.Helper()
	publish(s.t, s.Next, plan{Version: "2"})
	s.await(1, "msg=committed")
	s.await(s.count("msg=starting")-1, "msg=gone") // until then the old one may answer too
	if got := request(s.t, "tcp", s.Address()); got != "version 2\n" {
		s.t.Errorf("answer %q after the upgrade, want version 2", got)
	}
	s.until("the master's replacement", func() bool { return s.count(replaced)+s.count("msg=stays") > 0 })
}

// TestServiceOfAnotherUser runs without any right of root's.
func TestServiceOfAnotherUser(t *testing.T) {
	t.Parallel()
	s := startService(t, web, asNobody(t))
	s.live(1)
	s.restart()
	s.upgrades()
	info, err := os.Stat(s.Binary)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	if info.Mode() != 0o755 || owner.Uid != nobody || owner.Gid != nobody {
		t.Errorf("the new binary has mode %v and owner %d:%d, want %v and %d:%d", info.Mode(), owner.Uid, owner.Gid, os.FileMode(0o755), nobody, nobody)
	}
	s.stop()
}

// TestModeAndOwnerCarryOver upgrades, as root, a binary of somebody else.
func TestModeAndOwnerCarryOver(t *testing.T) {
	t.Parallel()
	rootOnly(t)
	s := startService(t, web, func(s *service) {
		writeRelease(t, s.Binary, plan{Version: "1"})
		if err := errors.Join(os.Chown(s.Binary, 12, 34), os.Chmod(s.Binary, 0o751)); err != nil {
			t.Fatal(err)
		}
	})
	s.live(1)
	s.upgrades()
	info, err := os.Stat(s.Binary)
	if err != nil {
		t.Fatal(err)
	}
	if owner := info.Sys().(*syscall.Stat_t); info.Mode() != 0o751 || owner.Uid != 12 || owner.Gid != 34 {
		t.Errorf("the new binary has mode %v and owner %d:%d, want %v and 12:34", info.Mode(), owner.Uid, owner.Gid, os.FileMode(0o751))
	}
	s.stop()
}

const capabilityXattr = "security.capability"

// withCapabilities gives the installed binary what setcap(8) would.
func withCapabilities(t *testing.T, capabilities ...int) option {
	rootOnly(t)
	return func(s *service) {
		if _, err := os.Lstat(s.Binary); err != nil {
			writeRelease(t, s.Binary, plan{Version: "1"})
		}
		err := unix.Setxattr(s.Binary, capabilityXattr, capabilityValue(capabilities...), 0)
		if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EPERM) {
			t.Skipf("no file capabilities can be set here: %v", err)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// capabilityValue is VFS_CAP_REVISION_2 of capabilities(7), effective.
func capabilityValue(capabilities ...int) []byte {
	var permitted uint64
	for _, c := range capabilities {
		permitted |= 1 << c
	}
	value := binary.LittleEndian.AppendUint32(nil, 0x02000001)
	for _, half := range []uint32{uint32(permitted), uint32(permitted >> 32)} {
		value = binary.LittleEndian.AppendUint32(value, half)
		value = binary.LittleEndian.AppendUint32(value, 0) // inheritable
	}
	return value
}

// TestFileCapabilitiesCarryOver has a program that may bind port 80. The kernel
// makes such a process one that others cannot look into ("not dumpable"), its
// own user's among them.
func TestFileCapabilitiesCarryOver(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		options  func(*testing.T) []option
		refused  bool
		capacity []int
	}{
		{"root", func(t *testing.T) []option {
			return []option{withCapabilities(t, unix.CAP_NET_BIND_SERVICE)}
		}, false, []int{unix.CAP_NET_BIND_SERVICE}},
		{"a user who may set them", func(t *testing.T) []option {
			return []option{asNobody(t), withCapabilities(t, unix.CAP_NET_BIND_SERVICE, unix.CAP_SETFCAP)}
		}, false, []int{unix.CAP_NET_BIND_SERVICE, unix.CAP_SETFCAP}},
		{"a user who may not", func(t *testing.T) []option {
			return []option{asNobody(t), withCapabilities(t, unix.CAP_NET_BIND_SERVICE)}
		}, true, []int{unix.CAP_NET_BIND_SERVICE}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, web, c.options(t)...)
			s.live(1)
			for _, pid := range []int{s.PID, s.pidOf(1)} {
				text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
				if !c.refused && c.name != "root" && !strings.Contains(string(text), "CapEff:\t0000000080000400") {
					t.Skip("file capabilities have no effect here (nosuid, or no_new_privs)")
				}
			}
			s.restart()
			if c.refused {
				publish(t, s.Next, plan{Version: "2"})
				s.await(1, "upgrading is not possible", "file capabilities", "setcap -r")
				s.restart()
			} else {
				s.upgrades()
			}
			got := make([]byte, 64)
			n, err := unix.Getxattr(s.Binary, capabilityXattr, got)
			if want := capabilityValue(c.capacity...); err != nil || string(got[:n]) != string(want) {
				t.Errorf("the installed binary has capabilities %x (%v), want %x", got[:max(n, 0)], err, want)
			}
			s.stop()
		})
	}
}
