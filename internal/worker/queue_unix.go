//go:build unix

package worker

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// longestQueue is the default of net.core.somaxconn since Linux 5.4.
const longestQueue = 4096

// acceptQueued takes what the kernel has queued for a listener, and does not
// wait. [net.Listener] cannot: its Accept returns nothing once the deadline has
// passed, and the end of a wait is noticed only when the scheduler comes to it.
// It takes no more than a queue holds: clients may come faster than they are
// taken.
func acceptQueued(l stream) (conns []net.Conn) {
	holder, ok := l.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := holder.SyscallConn()
	if err != nil {
		return nil
	}
	raw.Control(func(fd uintptr) {
		for range longestQueue {
			conn, err := acceptOne(int(fd))
			if err == unix.EINTR || err == unix.ECONNABORTED {
				continue
			}
			if err != nil {
				return // none is left, or no descriptor is
			}
			conns = append(conns, conn)
		}
	})
	return conns
}

// acceptOne accepts from a listener that does not block, as all of Go's do not.
func acceptOne(fd int) (net.Conn, error) {
	syscall.ForkLock.RLock()
	n, _, err := unix.Accept(fd)
	if err == nil {
		unix.CloseOnExec(n)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(n), "accepted connection")
	defer file.Close()
	return net.FileConn(file)
}
