//go:build !unix

package socket

import "net"

// ownPath leaves it to package net to remove the path at Close.
func ownPath(ln *net.UnixListener, _ Node) net.Listener {
	ln.SetUnlinkOnClose(true)
	return ln
}
