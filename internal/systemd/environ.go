package systemd

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Variables are the names of all variables that are between a service manager
// and this very process: no other process gets them.
var Variables = []string{
	"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "FDSTORE",
	"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID",
}

// Without returns an environment without [Variables], for another process.
func Without(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(Variables, name)
	})
}

const (
	firstFD = 3 // SD_LISTEN_FDS_START

	// maxFDs bounds LISTEN_FDS: more cannot be meant.
	maxFDs = 1 << 16
)

// A Socket is a descriptor that the manager has left to this process: a socket
// of a .socket unit, or what an earlier run has stored.
type Socket struct {
	FD   int
	Name string
}

// environ looks a variable up.
type environ func(name string) (string, bool)

// service reads what there is to know of the manager; nil: there is none.
func (env environ) service(pid int) (*Service, error) {
	address, ok := env("NOTIFY_SOCKET")
	if !ok || address == "" {
		return nil, nil
	}
	if !filepath.IsAbs(address) && (address[0] != '@' || len(address) == 1) {
		return nil, fmt.Errorf("NOTIFY_SOCKET is %q, want an absolute path, or @ and a name: the service manager is not told anything", address)
	}
	s := &Service{address: address, StoreMax: -1}
	if text, ok := env("FDSTORE"); ok {
		if n, err := strconv.Atoi(text); err == nil && n >= 0 {
			s.StoreMax = n
		}
	}
	var err error
	s.Watchdog, err = env.watchdog(pid)
	return s, err
}

// watchdog reads the two variables of sd_watchdog_enabled(3).
func (env environ) watchdog(pid int) (time.Duration, error) {
	text, ok := env("WATCHDOG_USEC")
	if !ok {
		return 0, nil
	}
	usec, err := strconv.ParseUint(text, 10, 64)
	if err != nil || usec == 0 || usec > math.MaxInt64/1000 {
		return 0, fmt.Errorf("WATCHDOG_USEC is %q, want a number of microseconds: the watchdog is not served", text)
	}
	if who, ok := env("WATCHDOG_PID"); ok && who != strconv.Itoa(pid) {
		return 0, nil
	}
	return time.Duration(usec) * time.Microsecond, nil
}

// errNotForUs says that LISTEN_PID names another process.
var errNotForUs = errors.New("the descriptors are for another process")

// sockets reads which descriptors are there. It looks at none of them.
func (env environ) sockets(pid int) ([]Socket, error) {
	who, ok := env("LISTEN_PID")
	if !ok || who != strconv.Itoa(pid) {
		return nil, errNotForUs
	}
	text, _ := env("LISTEN_FDS")
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > maxFDs {
		return nil, fmt.Errorf("LISTEN_FDS is %q, want the number of descriptors", text)
	}
	sockets := make([]Socket, n)
	for i := range sockets {
		sockets[i] = Socket{FD: firstFD + i, Name: "unknown"}
	}
	list, ok := env("LISTEN_FDNAMES")
	if !ok || n == 0 {
		return sockets, nil
	}
	names := strings.Split(list, ":")
	if len(names) != n {
		return nil, fmt.Errorf("LISTEN_FDNAMES is %.200q with %d names, and LISTEN_FDS says %d", list, len(names), n)
	}
	for i, name := range names {
		sockets[i].Name = name
	}
	return sockets, nil
}
