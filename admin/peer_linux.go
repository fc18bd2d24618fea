package admin

import "golang.org/x/sys/unix"

// uidAt asks with SO_PEERCRED. Source: unix(7).
func uidAt(fd int) (int, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return -1, err
	}
	return int(cred.Uid), nil
}
