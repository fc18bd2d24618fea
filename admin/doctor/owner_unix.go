//go:build unix

package doctor

import (
	"io/fs"
	"os"
	"syscall"
)

func ownerOf(info fs.FileInfo) (uid, gid int, ok bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(st.Uid), int(st.Gid), true
}

func self() identity {
	groups, err := os.Getgroups()
	if err != nil {
		groups = nil
	}
	return identity{known: true, uid: os.Geteuid(), groups: append(groups, os.Getegid())}
}
