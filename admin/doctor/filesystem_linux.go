package doctor

import "golang.org/x/sys/unix"

// A filesystem is what statfs(2) says of one.
type filesystem struct {
	readOnly, noExec bool
	free             int64 // bytes for a user who is not root
	files            int64 // inodes that are free
	counted          bool  // the filesystem counts its inodes
}

func filesystemOf(path string) (filesystem, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return filesystem{}, err
	}
	return filesystem{
		readOnly: st.Flags&unix.ST_RDONLY != 0,
		noExec:   st.Flags&unix.ST_NOEXEC != 0,
		free:     int64(min(st.Bavail, 1<<40)) * st.Bsize,
		files:    int64(min(st.Ffree, 1<<62)),
		counted:  st.Files > 0,
	}, nil
}

// device tells filesystems apart.
func device(path string) (any, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return nil, err
	}
	return st.Dev, nil
}
