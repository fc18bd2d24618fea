//go:build unix && !linux

package master

import "net"

// farInode is not known: who has accepted a connection is told on Linux only.
func farInode(net.Conn) (inode uint32, known bool) { return 0, false }

// holds is not known either.
func holds(main int, inode uint32) (held, known bool) { return false, false }
