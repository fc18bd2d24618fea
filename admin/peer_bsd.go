//go:build darwin || freebsd

package admin

import "golang.org/x/sys/unix"

// uidAt asks with LOCAL_PEERCRED, of the level 0 (SOL_LOCAL). Source: unix(4).
func uidAt(fd int) (int, error) {
	cred, err := unix.GetsockoptXucred(fd, 0, unix.LOCAL_PEERCRED)
	if err != nil {
		return -1, err
	}
	return int(cred.Uid), nil
}
