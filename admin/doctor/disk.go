package doctor

import (
	"fmt"
	"os"
)

// mounts says whether programs can be written and run where upgrades put them.
func (r *report) mounts(s Subject, h host) {
	const check = "mounts"
	places := s.places(h)
	if len(places) == 0 {
		r.unknown(check, "it is not known where the program and its state are", "")
		return
	}
	good := true
	for _, dir := range places {
		fs, err := filesystemOf(h.path(dir))
		switch {
		case err != nil:
			r.unknown(check, fmt.Sprintf("the filesystem of %s: %v", dir, err), "")
			good = false
		case fs.readOnly:
			r.add(check, Fail, dir+" is on a filesystem that is mounted read-only", "mount it for writing; in a systemd unit ReadWritePaths= or StateDirectory= allows it")
			good = false
		case fs.noExec:
			r.add(check, Fail, dir+" is on a filesystem that is mounted noexec: no new release can be started from there", "mount it with exec, or move the program and its state to another one")
			good = false
		}
	}
	if good {
		r.ok(check, "programs can be written and run where upgrades put them")
	}
}

// copies is how many times the size of the program has to be free: a download, the
// candidate beside it, and what a tree or a delta takes meanwhile.
const copies = 3

// space says whether a release has room.
func (r *report) space(s Subject, h host) {
	const check = "disk space"
	if s.Binary == "" {
		r.unknown(check, "it is not known which binary is installed", "")
		return
	}
	info, err := os.Stat(h.path(h.real(s.Binary)))
	if err != nil {
		r.unknown(check, err.Error(), "")
		return
	}
	need := copies * info.Size()
	seen := map[any]bool{}
	for _, dir := range s.places(h) {
		fs, err := filesystemOf(h.path(dir))
		if err != nil {
			r.unknown(check, fmt.Sprintf("the filesystem of %s: %v", dir, err), "")
			continue
		}
		if dev, err := device(h.path(dir)); err == nil {
			if seen[dev] {
				continue
			}
			seen[dev] = true
		}
		room := fmt.Sprintf("%d MB are free in %s, and an upgrade needs about %d MB", fs.free>>20, dir, need>>20+1)
		switch {
		case fs.free < info.Size():
			r.add(check, Fail, room, "make room; until then the next release cannot be staged")
		case fs.free < need:
			r.add(check, Warn, room, "make room before the next release")
		case fs.counted && fs.files < 16:
			r.add(check, Fail, fmt.Sprintf("%s has room for %d more files", dir, fs.files), "remove files; until then the next release cannot be staged")
		default:
			r.ok(check, room)
		}
	}
}
