package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// stateDir says whether the state directory is one that the master takes: its
// own, and nobody else's to write.
func (r *report) stateDir(s Subject, h host) {
	const check = "state directory"
	if s.StateDir == "" {
		r.unknown(check, "it is not known where it is", "name it with --state-dir")
		return
	}
	info, err := os.Lstat(h.path(s.StateDir))
	if errors.Is(err, fs.ErrNotExist) {
		above := h.nearest(s.StateDir)
		parent, err := os.Stat(h.path(above))
		if err == nil && h.user.known && !h.user.may(parent, 3) {
			r.add(check, Fail, fmt.Sprintf("%s is not there, and the master (%s) may not make it in %s", s.StateDir, h.user, above), "make it, for that user alone (mode 0700), or set StateDir to another place")
			return
		}
		r.ok(check, s.StateDir+" is not there yet; it is made when it is needed")
		return
	}
	if err != nil {
		r.unknown(check, err.Error(), "run this as root, or as the user of the service")
		return
	}
	uid, _, owned := ownerOf(info)
	mode := info.Mode().Perm()
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		r.add(check, Fail, s.StateDir+" is a symbolic link, which the master refuses", "set StateDir to what it leads to")
	case !info.IsDir():
		r.add(check, Fail, s.StateDir+" is no directory", "remove it")
	case mode&0o022 != 0:
		r.add(check, Fail, fmt.Sprintf("others may write to %s (mode %04o), which the master refuses", s.StateDir, mode), "chmod go-w "+s.StateDir)
	case owned && !h.user.known:
		r.unknown(check, fmt.Sprintf("%s belongs to uid %d; who the master is is not known", s.StateDir, uid), "run this as root, or as the user of the service")
	case owned && uid != h.user.uid:
		r.add(check, Fail, fmt.Sprintf("%s belongs to uid %d, and the master is %s: it refuses the directory", s.StateDir, uid, h.user), fmt.Sprintf("chown -R %d %s", h.user.uid, s.StateDir))
	case mode&0o700 != 0o700:
		r.add(check, Fail, fmt.Sprintf("its owner may not use %s (mode %04o)", s.StateDir, mode), "chmod 700 "+s.StateDir)
	case mode&0o055 != 0:
		r.add(check, Warn, fmt.Sprintf("others may look into %s (mode %04o)", s.StateDir, mode), "chmod 700 "+s.StateDir+", unless workers are another user (Config.Credential) and need that")
	default:
		r.ok(check, fmt.Sprintf("%s is the master's own (mode %04o)", s.StateDir, mode))
	}
}

// places are the directories that an upgrade writes to.
func (s Subject) places(h host) (all []string) {
	if s.Binary != "" {
		all = append(all, filepath.Dir(h.real(s.Binary)))
	}
	if s.StateDir != "" {
		all = append(all, h.nearest(s.StateDir))
	}
	return all
}
