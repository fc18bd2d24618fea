package proc

import "golang.org/x/sys/unix"

// awaitEnd waits until a child has ended and leaves it to be waited for,
// waitid(2).
func awaitEnd(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}
