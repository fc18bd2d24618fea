package peer

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// FarInode returns the inode number of the other end of a TCP or unix connection
// to a process of this host: 0 while nobody has accepted it. It is not known
// where the kernel does not say, or the connection is of another kind.
func FarInode(conn net.Conn) (inode uint32, known bool) {
	switch far := conn.RemoteAddr().(type) {
	case *net.TCPAddr:
		near, ok := conn.LocalAddr().(*net.TCPAddr)
		if !ok {
			return 0, false
		}
		answer, err := askDiag(inetRequest(far.AddrPort(), near.AddrPort()))
		if err != nil || len(answer) < inetInode+4 {
			return 0, false
		}
		return binary.NativeEndian.Uint32(answer[inetInode:]), true
	case *net.UnixAddr:
		near, ok := inodeOf(conn)
		if !ok {
			return 0, false
		}
		answer, err := askDiag(unixRequest(near))
		if err != nil {
			return 0, false
		}
		return peerOf(answer)
	}
	return 0, false
}

// inodeOf returns that of this process's own end.
func inodeOf(conn net.Conn) (inode uint32, ok bool) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return 0, false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, false
	}
	var st unix.Stat_t
	controlErr := raw.Control(func(fd uintptr) { err = unix.Fstat(int(fd), &st) })
	return uint32(st.Ino), err == nil && controlErr == nil // sockets have 32 bits of it
}

// The layout of inet_diag_req_v2 and inet_diag_msg of linux/inet_diag.h, behind
// a netlink header; see sock_diag(7).
const (
	inetID      = unix.SizeofNlMsghdr + 8 // of the request: the socket's two ends
	inetReqSize = inetID + 48
	inetInode   = unix.SizeofNlMsghdr + 4 + 48 + 16
	noCookie    = 0xffffffff
)

// inetRequest asks for the one TCP socket with these ends, its own first.
func inetRequest(own, peer netip.AddrPort) []byte {
	b := make([]byte, inetReqSize)
	native, network := binary.NativeEndian, binary.BigEndian
	native.PutUint32(b, uint32(len(b)))
	native.PutUint16(b[4:], unix.SOCK_DIAG_BY_FAMILY)
	native.PutUint16(b[6:], unix.NLM_F_REQUEST)
	family := byte(unix.AF_INET6)
	if own.Addr().Unmap().Is4() {
		family = unix.AF_INET
	}
	b[unix.SizeofNlMsghdr], b[unix.SizeofNlMsghdr+1] = family, unix.IPPROTO_TCP
	native.PutUint32(b[unix.SizeofNlMsghdr+4:], 0xffffffff) // in any state
	network.PutUint16(b[inetID:], own.Port())
	network.PutUint16(b[inetID+2:], peer.Port())
	copy(b[inetID+4:], own.Addr().Unmap().AsSlice())
	copy(b[inetID+20:], peer.Addr().Unmap().AsSlice())
	native.PutUint32(b[inetID+40:], noCookie)
	native.PutUint32(b[inetID+44:], noCookie)
	return b
}

// The layout of unix_diag_req and unix_diag_msg of linux/unix_diag.h.
const (
	unixReqSize  = unix.SizeofNlMsghdr + 24
	unixAttrs    = unix.SizeofNlMsghdr + 16
	unixShowPeer = 4 // UDIAG_SHOW_PEER
	unixPeer     = 2 // UNIX_DIAG_PEER
)

// unixRequest asks for the peer of the unix socket with this inode number.
func unixRequest(inode uint32) []byte {
	b := make([]byte, unixReqSize)
	native := binary.NativeEndian
	native.PutUint32(b, uint32(len(b)))
	native.PutUint16(b[4:], unix.SOCK_DIAG_BY_FAMILY)
	native.PutUint16(b[6:], unix.NLM_F_REQUEST)
	b[unix.SizeofNlMsghdr] = unix.AF_UNIX
	native.PutUint32(b[unix.SizeofNlMsghdr+4:], 0xffffffff) // in any state
	native.PutUint32(b[unix.SizeofNlMsghdr+8:], inode)
	native.PutUint32(b[unix.SizeofNlMsghdr+12:], unixShowPeer)
	native.PutUint32(b[unix.SizeofNlMsghdr+16:], noCookie)
	native.PutUint32(b[unix.SizeofNlMsghdr+20:], noCookie)
	return b
}

// peerOf finds the peer among the attributes of an answer: netlink(7), each with
// its length and type, and aligned to four bytes.
func peerOf(answer []byte) (inode uint32, known bool) {
	for at := unixAttrs; at+unix.SizeofRtAttr <= len(answer); {
		size := int(binary.NativeEndian.Uint16(answer[at:]))
		if size < unix.SizeofRtAttr || at+size > len(answer) {
			return 0, false
		}
		if binary.NativeEndian.Uint16(answer[at+2:]) == unixPeer && size >= unix.SizeofRtAttr+4 {
			return binary.NativeEndian.Uint32(answer[at+unix.SizeofRtAttr:]), true
		}
		at += (size + unix.RTA_ALIGNTO - 1) &^ (unix.RTA_ALIGNTO - 1)
	}
	return 0, false
}

// askDiag sends one question to the kernel, which answers at once.
func askDiag(request []byte) ([]byte, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 1}); err != nil {
		return nil, os.NewSyscallError("setsockopt", err)
	}
	if err := unix.Sendto(fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, os.NewSyscallError("sendto", err)
	}
	answer := make([]byte, 4<<10)
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return nil, os.NewSyscallError("recvfrom", err)
	}
	if n < unix.SizeofNlMsghdr || binary.NativeEndian.Uint16(answer[4:]) != unix.SOCK_DIAG_BY_FAMILY {
		return nil, fmt.Errorf("socket not found")
	}
	return answer[:n], nil
}
