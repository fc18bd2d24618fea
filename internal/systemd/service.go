package systemd

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// SendTimeout bounds the sending of one message. The manager reads all the
	// time; one that does not has died, or is stopped.
	SendTimeout = 2 * time.Second

	// maxName bounds the name of a descriptor, in bytes: sd_notify(3), FDNAME=.
	maxName = 255
)

// A Service is this process as its manager knows it. Its methods may be called
// by many goroutines; a message of each call arrives whole, and those of one
// goroutine arrive in order. All of them may block for [SendTimeout].
type Service struct {
	// Watchdog is how long the manager waits for [Alive] before it takes the
	// service for hung, 0: for ever.
	Watchdog time.Duration

	// StoreMax is how many descriptors the manager keeps for the service
	// (FileDescriptorStoreMax=), -1: it does not say.
	StoreMax int

	address string // of NOTIFY_SOCKET
}

// Notify sends states in one message: all of them hold at the same moment.
func (s *Service) Notify(states ...State) error {
	if s == nil || len(states) == 0 {
		return nil
	}
	lines := make([]string, len(states))
	for i, state := range states {
		lines[i] = string(state)
	}
	if err := s.send(strings.Join(lines, "\n")); err != nil {
		return fmt.Errorf("notify the service manager at %q: %w", s.address, err)
	}
	return nil
}

// Store gives a copy of a descriptor into the keeping of the manager, which
// hands it to the next start of this service, under the name. The caller's own
// stays open. A descriptor that is kept already is not kept twice. The manager
// does not say whether it has room: see [Service.Keeps].
//
// The name has 1 to 255 printable ASCII characters, and no colon. The manager
// does not watch the descriptor (FDPOLL=0): a pending error of a datagram socket
// would have it thrown away.
func (s *Service) Store(fd int, name string) error {
	if !s.Keeps() {
		return nil
	}
	if err := checkName(name); err != nil {
		return fmt.Errorf("give a socket to the service manager: %w", err)
	}
	if err := s.send("FDSTORE=1\nFDPOLL=0\nFDNAME="+name, fd); err != nil {
		return fmt.Errorf("give the socket %q to the service manager at %q: %w", name, s.address, err)
	}
	return nil
}

// Remove has the manager close all descriptors that it keeps under a name.
func (s *Service) Remove(name string) error {
	if !s.Keeps() {
		return nil
	}
	if err := checkName(name); err != nil {
		return fmt.Errorf("take a socket back from the service manager: %w", err)
	}
	if err := s.send("FDSTOREREMOVE=1\nFDNAME=" + name); err != nil {
		return fmt.Errorf("take the socket %q back from the service manager at %q: %w", name, s.address, err)
	}
	return nil
}

// Keeps reports whether the manager may keep descriptors: it says that it does,
// or it is older than the word for it. Such a one ignores what it has no room for.
func (s *Service) Keeps() bool { return s != nil && s.StoreMax != 0 }

// Barrier waits until the manager has taken in all that was sent before, or the
// timeout has passed (BARRIER=1).
func (s *Service) Barrier(timeout time.Duration) error {
	if s == nil {
		return nil
	}
	if err := s.barrier(timeout); err != nil {
		return fmt.Errorf("wait for the service manager at %q: %w", s.address, err)
	}
	return nil
}

func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("a stored socket needs a name")
	case len(name) > maxName:
		return fmt.Errorf("name %.40q… has %d characters, and at most %d are allowed", name, len(name), maxName)
	}
	for _, c := range []byte(name) {
		if c < ' ' || c >= 0x7f || c == ':' {
			return fmt.Errorf("name %q: %q is not allowed in it", name, c)
		}
	}
	return nil
}
