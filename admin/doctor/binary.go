package doctor

import (
	"fmt"
	"os"
	"path/filepath"
)

// binary says whether the installed program is there, and can be replaced: an
// upgrade renames another one over it, so it is its directory that counts.
func (r *report) binary(s Subject, h host) {
	const check = "binary"
	if s.Binary == "" {
		r.unknown(check, "it is not known which binary is installed", "")
		return
	}
	path := h.real(s.Binary)
	info, err := os.Lstat(h.path(path))
	switch {
	case err != nil:
		r.add(check, Fail, fmt.Sprintf("the installed program cannot be looked at: %v", err), "put one there; the next start of the service needs it")
		return
	case info.Mode()&os.ModeSymlink != 0:
		r.unknown(check, fmt.Sprintf("%s is a link in another root; where it leads is not followed", path), "")
		return
	case !info.Mode().IsRegular():
		r.add(check, Fail, fmt.Sprintf("%s is no file", path), "put a program there")
		return
	case !h.user.known:
		r.unknown(check, path+" is there; whether the master may replace it is not known", "run this as root, or as the user of the service")
		return
	case !h.user.may(info, 5):
		r.add(check, Fail, fmt.Sprintf("%s (mode %04o) is neither readable nor executable for the master (%s)", path, info.Mode().Perm(), h.user), fmt.Sprintf("chmod 755 %s, or give it to that user", path))
		return
	}
	dir := filepath.Dir(path)
	parent, err := os.Stat(h.path(dir))
	if err != nil {
		r.unknown(check, err.Error(), "")
		return
	}
	uid, _, owned := ownerOf(info)
	switch {
	case !h.user.may(parent, 3):
		r.add(check, Fail, fmt.Sprintf("the master (%s) may not replace %s: it may not write to %s (mode %04o)", h.user, path, dir, parent.Mode().Perm()), fmt.Sprintf("give %s to the user of the service; docs/systemd.md has a place for it, StateDirectory=", dir))
	case parent.Mode()&os.ModeSticky != 0 && owned && h.user.uid != 0 && uid != h.user.uid:
		r.add(check, Fail, fmt.Sprintf("%s is sticky and %s belongs to uid %d: the master (%s) may not replace it", dir, path, uid, h.user), "move the program to a directory of the user of the service")
	case parent.Mode().Perm()&0o002 != 0:
		r.add(check, Warn, fmt.Sprintf("everybody may write to %s (mode %04o), and put another program there", dir, parent.Mode()), fmt.Sprintf("chmod o-w %s", dir))
	default:
		r.ok(check, fmt.Sprintf("%s is there and can be replaced by the master (%s)", path, h.user))
	}
}
