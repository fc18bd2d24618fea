package peer

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// FarInode returns the inode number of the other end of a TCP connection to a
// process of this host: 0 while nobody has accepted it. It is not known where
// the kernel does not say, or the connection is of another kind.
func FarInode(conn net.Conn) (inode uint32, known bool) {
	near, ok1 := conn.LocalAddr().(*net.TCPAddr)
	far, ok2 := conn.RemoteAddr().(*net.TCPAddr)
	if !ok1 || !ok2 {
		return 0, false
	}
	answer, err := askDiag(diagRequest(far.AddrPort(), near.AddrPort()))
	if err != nil || len(answer) < diagInode+4 {
		return 0, false
	}
	return binary.NativeEndian.Uint32(answer[diagInode:]), true
}

// The layout of inet_diag_req_v2 and inet_diag_msg of linux/inet_diag.h, behind
// a netlink header; see sock_diag(7).
const (
	diagID       = unix.SizeofNlMsghdr + 8 // of the request: the socket's two ends
	diagReqSize  = diagID + 48
	diagInode    = unix.SizeofNlMsghdr + 4 + 48 + 16
	diagNoCookie = 0xffffffff
)

// diagRequest asks for the one TCP socket with these ends, its own first.
func diagRequest(own, peer netip.AddrPort) []byte {
	b := make([]byte, diagReqSize)
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
	network.PutUint16(b[diagID:], own.Port())
	network.PutUint16(b[diagID+2:], peer.Port())
	copy(b[diagID+4:], own.Addr().Unmap().AsSlice())
	copy(b[diagID+20:], peer.Addr().Unmap().AsSlice())
	native.PutUint32(b[diagID+40:], diagNoCookie)
	native.PutUint32(b[diagID+44:], diagNoCookie)
	return b
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

// Holds reports whether a process, or one of its group or descent, has a socket
// open. It is not known where the descriptors of one of them may not be read.
func Holds(main int, inode uint32) (held, known bool) {
	want := fmt.Sprintf("socket:[%d]", inode)
	dir, err := os.Open("/proc")
	if err != nil {
		return false, false
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return false, false
	}
	known = true
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || !Belongs(pid, main) {
			continue
		}
		open, err := os.ReadDir(filepath.Join("/proc", name, "fd"))
		if os.IsPermission(err) {
			known = false
		}
		for _, fd := range open {
			if to, err := os.Readlink(filepath.Join("/proc", name, "fd", fd.Name())); err == nil && to == want {
				return true, true
			}
		}
	}
	return false, known
}
