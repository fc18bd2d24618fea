//go:build unix

package proc

import (
	"os"
	"syscall"
)

// sys is what the fork is told, or nil where nothing changes: a process that is
// that user already needs no right to become it.
func (c *Credential) sys() *syscall.Credential {
	if c == nil {
		return nil
	}
	if uid := os.Geteuid(); uid != 0 && uint32(uid) == c.UID {
		return nil
	}
	return &syscall.Credential{Uid: c.UID, Gid: c.GID, Groups: c.Groups}
}
