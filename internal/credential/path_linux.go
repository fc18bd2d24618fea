package credential

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/seed-3d078585/overseer/internal/proc"
	"golang.org/x/sys/unix"
)

func checkPrivileges(*proc.Credential) error { return nil }

// as runs f as the user, as far as files are concerned: setfsuid(2) belongs to a
// thread, and takes the capabilities along that look past permissions.
func as(c *proc.Credential, f func(uid uint32) error) error {
	var groups []int
	for _, g := range c.Groups {
		groups = append(groups, int(g))
	}
	return proc.OnThread(func() error {
		if err := unix.Setgroups(groups); err != nil {
			return fmt.Errorf("take the groups %v: %w%s", groups, err, lacking(err, "CAP_SETGID"))
		}
		// Neither reports a failure but by asking again, with what is no user.
		unix.SetfsgidRetGid(int(c.GID))
		unix.SetfsuidRetUid(int(c.UID))
		if gid, _ := unix.SetfsgidRetGid(-1); uint32(gid) != c.GID {
			return fmt.Errorf("become group %d: %w%s", c.GID, unix.EPERM, lacking(unix.EPERM, "CAP_SETGID"))
		}
		if uid, _ := unix.SetfsuidRetUid(-1); uint32(uid) != c.UID {
			return fmt.Errorf("become user %d: %w%s", c.UID, unix.EPERM, lacking(unix.EPERM, "CAP_SETUID"))
		}
		return f(c.UID)
	})
}

// lacking says what may be behind a refusal.
func lacking(err error, capability string) string {
	if !errors.Is(err, unix.EPERM) {
		return ""
	}
	return ": it needs " + capability + ", which a container or a unit may have dropped, and a user namespace that knows these numbers"
}

// check is called as the user.
func (w way) check(uid uint32) error {
	for _, n := range w.dirs {
		if err := n.check(uid); err != nil {
			return err
		}
	}
	if mayNot(w.program, unix.X_OK) {
		return fmt.Errorf("user %d may not execute %q: chmod a+x it, or give it a group of that user's with g+x; and not from a filesystem mounted noexec", uid, w.program)
	}
	if may(w.program, unix.W_OK) || owns(w.program, uid) {
		return fmt.Errorf("user %d may write to %q, so its worker could change what this master runs: chown it to root, and take the right to write", uid, w.program)
	}
	return nil
}

func (n node) check(uid uint32) error {
	if mayNot(n.dir, unix.X_OK) {
		return fmt.Errorf("user %d may not enter %q, where its program lies: chmod a+x the directory, or move the program, say to /usr/local/bin", uid, n.dir)
	}
	return n.keep(uid)
}

// keeps is called as the user.
func (w way) keeps(uid uint32) error {
	for _, n := range w.dirs {
		if err := n.keep(uid); err != nil {
			return err
		}
	}
	return nil
}

// keep says why the entry is not safe from the user.
func (n node) keep(uid uint32) error {
	if owns(n.dir, uid) {
		return fmt.Errorf("%q belongs to user %d, so its worker could replace %q: chown the directory to root", n.dir, uid, n.path())
	}
	if !may(n.dir, unix.W_OK) {
		return nil
	}
	// In a sticky directory an entry is its owner's alone: unlink(2).
	if info, err := os.Stat(n.dir); err == nil && info.Mode()&fs.ModeSticky != 0 && !owns(n.path(), uid) {
		return nil
	}
	return fmt.Errorf("user %d may write to %q, so its worker could replace %q: chmod go-w the directory, or choose another place", uid, n.dir, n.path())
}

// may and mayNot ask the kernel; before Linux 5.8, or under a seccomp filter from
// before, it gives no answer, and neither is true.
func may(path string, mode uint32) bool {
	return unix.Faccessat2(unix.AT_FDCWD, path, mode, unix.AT_EACCESS) == nil
}

func mayNot(path string, mode uint32) bool {
	return unix.Faccessat2(unix.AT_FDCWD, path, mode, unix.AT_EACCESS) == unix.EACCES
}

// owns reports whether a file itself, not what it points to, belongs to a user:
// an owner may give the rights back.
func owns(path string, uid uint32) bool {
	info, err := os.Lstat(path)
	if err != nil {
		return false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Uid == uid
}
