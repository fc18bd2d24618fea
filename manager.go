package overseer

import (
	"errors"
	"log/slog"
	"sync"
	"syscall"

	"github.com/seed-3d078585/overseer/internal/socket"
	"github.com/seed-3d078585/overseer/internal/systemd"
)

// A manager is the service manager that has started this process, and what it
// has left to it.
type manager struct {
	service *systemd.Service // nil: nobody is to be notified
	sockets *socket.Inherited
	err     error // what in the environment makes no sense
}

// takeManager takes what is there, at the first call. Only a process that is to
// run the program, as its master or directly, asks: whoever imports this package
// and never calls Run keeps what is its own.
var takeManager = sync.OnceValue(func() manager {
	service, sockets, err := systemd.Take()
	return manager{service: service, sockets: socket.Inherit(sockets), err: err}
})

// tidy closes what no address has claimed.
func (m manager) tidy(log *slog.Logger) {
	for _, name := range m.sockets.Stale() {
		if err := m.service.Remove(name); err != nil {
			log.Warn("a socket that no address asks for stays with the service manager", "name", name, "error", err)
		}
	}
	for _, u := range m.sockets.CloseUnclaimed() {
		log.Warn("closed a socket that the service manager has left", "socket", u.Socket, "reason", u.Reason)
	}
}

// failed tells the service manager why there will be no service.
func (m manager) failed(err error) {
	states := []systemd.State{systemd.Status(err.Error())}
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		states = append(states, systemd.Errno(int(errno)))
	}
	m.service.Notify(states...) // nobody is left to hear that it failed
}

// disabled tells the service manager that the program runs on its own: when it
// is ready, nobody knows.
func (m manager) disabled(err error) {
	m.service.Notify(systemd.Ready, systemd.Status("overseer is disabled: "+err.Error())) // as above
}
