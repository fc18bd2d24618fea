//go:build unix

package credential

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/seed-3d078585/overseer/internal/proc"
)

// Check says why this process cannot run program as another user, or why that
// user would not be kept from what is the master's; or nil. program is absolute.
// It asks the disk.
func Check(c *proc.Credential, program string) error {
	if err := checkPrivileges(c); err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return checkSame(c)
	}
	if c.UID == 0 {
		return errors.New("the user is root: workers would have all rights; name another, or leave the credential out")
	}
	way, err := walk(program)
	if err != nil {
		return fmt.Errorf("look at %q: %w", program, err)
	}
	return as(c, way.check)
}

// CheckKept says why a directory, which need not be there yet, is not safe from
// another user: that user could put another one in its place; or nil. dir is
// absolute. It asks the disk, and does not judge where this process and its workers
// are one user.
func CheckKept(c *proc.Credential, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	way, err := walk(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look at %q: %w", dir, err)
	}
	return as(c, way.keeps)
}

// checkSame is for a process that may become nobody else.
func checkSame(c *proc.Credential) error {
	uid, gid := os.Geteuid(), os.Getegid()
	if c.UID != uint32(uid) {
		return fmt.Errorf("workers are to run as user %d, and this process, which is user %d, cannot become another: start it as root", c.UID, uid)
	}
	if c.GID != uint32(gid) {
		return fmt.Errorf("workers are to run in group %d, and this process, which is user %d in group %d, cannot become another: start it as root", c.GID, uid, gid)
	}
	have, err := os.Getgroups()
	if err != nil {
		return fmt.Errorf("get the groups of this process: %w", err)
	}
	for _, g := range c.Groups {
		if int(g) != gid && !slices.Contains(have, int(g)) {
			return fmt.Errorf("workers are to be in group %d, and this process, which is user %d, is not and cannot be: start it as root", g, uid)
		}
	}
	return nil
}
