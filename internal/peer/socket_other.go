//go:build unix && !linux

package peer

import "net"

// FarInode is not known: who has accepted a connection is told on Linux only.
func FarInode(net.Conn) (inode uint32, known bool) { return 0, false }

// Holds is not known either.
func Holds(main int, inode uint32) (held, known bool) { return false, false }
