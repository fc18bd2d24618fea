package shim

import (
	"os"

	"golang.org/x/sys/unix"
)

// dieWithParent has the kernel send a signal when the thread ends that started
// this process (PR_SET_PDEATHSIG(2const)); it outlives execve. A parent that has
// ended before is told by its number.
func dieWithParent(parent, signal int) error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(signal), 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl", err)
	}
	if os.Getppid() != parent {
		os.Exit(exitFailed)
	}
	return nil
}

// pidfdID returns the number that names this very process, which is never given
// to another one, as its number may be: the inode number of its pidfd, where the
// kernel has a filesystem of them (Linux 6.9). See sd_listen_fds(3).
func pidfdID() (id uint64, ok bool) {
	fd, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return 0, false
	}
	defer unix.Close(fd)
	var fs unix.Statfs_t
	var st unix.Stat_t
	if unix.Fstatfs(fd, &fs) != nil || fs.Type != unix.PID_FS_MAGIC || unix.Fstat(fd, &st) != nil {
		return 0, false
	}
	return st.Ino, true
}
