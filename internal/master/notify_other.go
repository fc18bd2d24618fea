//go:build unix && !linux

package master

import (
	"errors"
	"fmt"
)

// A notifier needs to know who sends: SCM_CREDENTIALS, on Linux.
type notifier struct{ name string }

func listenNotify() (*notifier, error) {
	return nil, fmt.Errorf("NOTIFY_SOCKET: %w", errors.ErrUnsupported)
}

func (n *notifier) close() {}

func (n *notifier) receive() (text string, cut bool, pid int, err error) {
	return "", false, 0, errors.ErrUnsupported
}
