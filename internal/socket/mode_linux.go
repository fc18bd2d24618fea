package socket

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"syscall"
)

// listenMode binds a path so that its mode is never more open than asked. Linux
// makes the file with the mode of the socket itself, less the umask
// (unix_bind_bsd in net/unix/af_unix.c), so the socket is narrowed first. That
// spares a detour over another name, which the kernel would go on to tell as the
// socket's address.
func listenMode(ctx context.Context, path string, mode fs.FileMode) (net.Listener, error) {
	var lc net.ListenConfig
	if mode != 0 {
		lc.Control = func(_, _ string, c syscall.RawConn) error {
			var modeErr error
			if err := c.Control(func(fd uintptr) { modeErr = syscall.Fchmod(int(fd), uint32(mode)) }); err != nil {
				return err
			}
			if modeErr != nil {
				return fmt.Errorf("narrow the socket to mode %#o: %w", mode, modeErr)
			}
			return nil
		}
	}
	return lc.Listen(ctx, "unix", path)
}
