package systemd

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Take takes what the environment says of a service manager. The service is nil
// where there is none. It is called once, before anything is started that could
// meet the descriptors; whoever calls it again gets the service and no sockets.
// An error says what in the environment makes no sense; the rest is there all
// the same.
func Take() (*Service, []Socket, error) {
	env := environ(os.LookupEnv)
	service, serviceErr := env.service(os.Getpid())
	sockets, err := env.sockets(os.Getpid())
	if errors.Is(err, errNotForUs) {
		return service, nil, serviceErr
	}
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"} {
		os.Unsetenv(name)
	}
	open := sockets[:0]
	for _, s := range sockets {
		// What has been inherited is not close-on-exec: it would not be here. What
		// is belongs to this process itself, and must not be closed by mistake.
		if flags, cerr := unix.FcntlInt(uintptr(s.FD), unix.F_GETFD, 0); cerr != nil || flags&unix.FD_CLOEXEC != 0 {
			err = errors.Join(err, fmt.Errorf("LISTEN_FDS names descriptor %d (%q), which was not inherited", s.FD, s.Name))
			continue
		}
		unix.CloseOnExec(s.FD)
		open = append(open, s)
	}
	return service, open, errors.Join(serviceErr, err)
}

// Close gives a descriptor up.
func (s Socket) Close() error { return unix.Close(s.FD) }
