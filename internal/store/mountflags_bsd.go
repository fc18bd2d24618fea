//go:build darwin || dragonfly || freebsd

package store

import "golang.org/x/sys/unix"

// mountFlags reports how the filesystem under path is mounted. What cannot be
// asked is taken for good: the real operation will tell.
func mountFlags(path string) (readOnly, noExec bool) {
	var fs unix.Statfs_t
	if err := unix.Statfs(path, &fs); err != nil {
		return false, false
	}
	flags := uint64(fs.Flags)
	return flags&unix.MNT_RDONLY != 0, flags&unix.MNT_NOEXEC != 0
}
