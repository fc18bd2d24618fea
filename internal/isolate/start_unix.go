//go:build unix

package isolate

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/proc"
)

// withheld are the variables that are for the master alone: of its own protocols
// and of a service manager's.
var withheld = append(handover.Variables(),
	"NOTIFY_SOCKET=", "WATCHDOG_PID=", "WATCHDOG_USEC=", "LISTEN_PID=", "LISTEN_FDS=", "LISTEN_FDNAMES=", "LISTEN_PIDFDID=",
)

// Start starts this very program again, as a fetch process: with the same
// arguments, and in a process group of its own.
func Start() (*proc.Process, *handover.Conn, error) { return start(os.Environ()) }

func start(environ []string) (*proc.Process, *handover.Conn, error) {
	binary, path, err := self()
	if err != nil {
		return nil, nil, err
	}
	if binary != nil {
		defer binary.Close() // only executed
	}
	conn, control, err := handover.FetchPair()
	if err != nil {
		return nil, nil, err
	}
	defer control.Close()
	process, err := proc.Start(proc.Spec{
		Binary:        binary,
		Path:          path,
		Args:          os.Args,
		Env:           proc.Environ(environ, withheld...),
		Files:         []*os.File{control},
		Stdout:        os.Stdout,
		Stderr:        os.Stderr,
		CaptureStderr: true,
		CaptureCrash:  true,
		OwnGroup:      true,
	}, variable)
	if err != nil {
		conn.Close()
		return nil, nil, err
	}
	return process, conn, nil
}

// variable tells the process its descriptors: control is the first behind the
// standard ones.
func variable(x proc.Extra) []string {
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	return []string{handover.FetchVariable + "=" + strings.Join([]string{"3", number(x.Stderr), number(x.Crash)}, ":")}
}

// CanStart reports whether this program can be started again.
func CanStart() error {
	binary, path, err := self()
	if err != nil {
		return err
	}
	if binary != nil {
		return binary.Close()
	}
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("find this program, to start it again: %w", err)
	}
	return nil
}
