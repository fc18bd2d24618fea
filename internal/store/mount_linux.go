package store

import "golang.org/x/sys/unix"

// mountFlags reports how the filesystem under path is mounted. What cannot be
// asked is taken for good: the real operation will tell.
func mountFlags(path string) (readOnly, noExec bool) {
	var fs unix.Statfs_t
	if err := unix.Statfs(path, &fs); err != nil {
		return false, false
	}
	// statfs(2): f_flags has the ST_ flags, which equal these MS_ flags.
	return fs.Flags&unix.MS_RDONLY != 0, fs.Flags&unix.MS_NOEXEC != 0
}

// sameMount reports whether a rename can lead from a to b. Device numbers are
// not enough: rename(2) does not cross a bind mount of the same device.
func sameMount(a, b string) bool {
	x, err := mountOf(a)
	if err != nil {
		return false
	}
	y, err := mountOf(b)
	return err == nil && x == y
}

type mountID struct {
	major, minor uint32
	mount        uint64
}

func mountOf(path string) (mountID, error) {
	var st unix.Statx_t
	// Before Linux 5.8 the mount's number stays 0, and the device decides.
	err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_MNT_ID, &st)
	if err != nil {
		return mountID{}, err
	}
	return mountID{st.Dev_major, st.Dev_minor, st.Mnt_id}, nil
}
