package master

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

const (
	// maxNotify bounds one message. systemd takes as much.
	maxNotify = 4 << 10

	// maxPassed is the most descriptors that a message can bring (SCM_MAX_FD of
	// unix(7)). All are taken, so that all are closed.
	maxPassed = 253
)

// A notifier is the socket that a program's NOTIFY_SOCKET names; sd_notify(3) is
// its protocol. It has an abstract name, so nothing is left of it when the
// master dies, and a program of another user reaches it. Whoever knows the name
// can send there: the kernel says who did.
type notifier struct {
	name string
	conn *net.UnixConn
}

func listenNotify() (*notifier, error) {
	name := "@overseer-notify-" + rand.Text()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("make the socket for NOTIFY_SOCKET: %w", err)
	}
	raw, err := conn.SyscallConn()
	if err == nil {
		var set error
		err = raw.Control(func(fd uintptr) { set = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PASSCRED, 1) })
		err = errors.Join(err, os.NewSyscallError("setsockopt SO_PASSCRED", set))
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("make the socket for NOTIFY_SOCKET: %w", err)
	}
	return &notifier{name: name, conn: conn}, nil
}

func (n *notifier) close() { n.conn.Close() }

// receive waits for a message, which is cut where it is too long, and for the
// process that sent it, 0 where that is not known. Descriptors that come with it
// are closed: that is the answer to BARRIER=1, and no store for them exists.
func (n *notifier) receive() (text string, cut bool, pid int, err error) {
	b := make([]byte, maxNotify)
	oob := make([]byte, unix.CmsgSpace(unix.SizeofUcred)+unix.CmsgSpace(4*maxPassed))
	size, oobSize, flags, _, err := n.conn.ReadMsgUnix(b, oob)
	if err != nil {
		return "", false, 0, err
	}
	messages, err := unix.ParseSocketControlMessage(oob[:oobSize])
	if err != nil {
		return "", false, 0, nil // not understood: nobody's
	}
	for i := range messages {
		if creds, err := unix.ParseUnixCredentials(&messages[i]); err == nil {
			pid = int(creds.Pid)
			continue
		}
		fds, _ := unix.ParseUnixRights(&messages[i]) // of another kind: none
		for _, fd := range fds {
			defer unix.Close(fd) // when all before it was heard
		}
	}
	return string(b[:size]), flags&unix.MSG_TRUNC != 0, pid, nil
}
