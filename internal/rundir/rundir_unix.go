//go:build unix

package rundir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// name is that of the directory in one that is for all programs.
const name = "overseer"

// Dir returns the directory, makes it where it is not there, and refuses one that
// another user could have prepared. It is the first of
//
//	$RUNTIME_DIRECTORY           of a service of systemd, systemd.exec(5)
//	$XDG_RUNTIME_DIR/overseer    of a session
//	/run/overseer                of root
//	/tmp/overseer-UID            $TMPDIR in place of /tmp
func Dir() (string, error) {
	if first, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":"); filepath.IsAbs(first) {
		return first, errors.Join(checkParent(filepath.Dir(first)), check(first))
	}
	dir := filepath.Join(os.TempDir(), name+"-"+strconv.Itoa(os.Geteuid()))
	if session := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(session) {
		dir = filepath.Join(session, name)
	} else if info, err := os.Stat("/run"); os.Geteuid() == 0 && err == nil && info.IsDir() {
		dir = filepath.Join("/run", name)
	}
	if err := checkParent(filepath.Dir(dir)); err != nil {
		return "", err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !os.IsExist(err) {
		return "", fmt.Errorf("make a directory for sockets: %w", err)
	}
	return dir, check(dir)
}

// check refuses a directory in which another user could exchange a socket.
func check(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at the directory for sockets: %w", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir():
		return fmt.Errorf("%q is no directory but a %s: remove it", dir, info.Mode().Type()&fs.ModeType)
	case !ok || int(st.Uid) != os.Geteuid():
		return fmt.Errorf("%q belongs to another user than %d: remove it, or set XDG_RUNTIME_DIR", dir, os.Geteuid())
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("others may write %q (mode %04o): chmod go-w it", dir, info.Mode().Perm())
	}
	return nil
}

// checkParent refuses a directory in which another user could rename ours away, as
// root meets in the XDG_RUNTIME_DIR of the user that has become root by su(1).
func checkParent(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at the place for a directory for sockets: %w", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || st.Uid != 0 && int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%q belongs to another user than %d, and so would what is in it: set XDG_RUNTIME_DIR to a directory of this user's own", dir, os.Geteuid())
	}
	if info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0 {
		return fmt.Errorf("others may write %q (mode %04o): set XDG_RUNTIME_DIR to a directory of this user's own", dir, info.Mode().Perm())
	}
	return nil
}
