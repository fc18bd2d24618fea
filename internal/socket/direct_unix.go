//go:build unix

package socket

import (
	"errors"
	"net"
	"sync"
)

// A pathListener is a unix listener that removes its own path, and no other.
type pathListener struct {
	*net.UnixListener
	node   Node
	unlink sync.Once
}

func ownPath(ln *net.UnixListener, node Node) net.Listener {
	if node.Path == "" {
		return ln
	}
	return &pathListener{UnixListener: ln, node: node}
}

// Close removes the path and then closes the listener: see [Socket.Unlink] for
// the order.
func (l *pathListener) Close() error {
	var err error
	l.unlink.Do(func() { err = l.node.unlink() })
	return errors.Join(err, l.UnixListener.Close())
}
