//go:build unix && !linux

package socket

import (
	"context"
	"io/fs"
	"net"
	"sync"
	"syscall"
)

// umask belongs to the process, so one goroutine at a time changes it.
var umaskMu sync.Mutex

// listenMode binds a path so that its mode is never more open than asked. The
// only portable way is the umask. What the rest of the process creates in that
// moment is made with fewer rights, never with more.
func listenMode(ctx context.Context, path string, mode fs.FileMode) (net.Listener, error) {
	var lc net.ListenConfig
	if mode == 0 {
		return lc.Listen(ctx, "unix", path)
	}
	umaskMu.Lock()
	defer umaskMu.Unlock()
	old := syscall.Umask(int(0o777 &^ mode))
	defer syscall.Umask(old)
	return lc.Listen(ctx, "unix", path)
}
