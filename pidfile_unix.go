//go:build unix

package overseer

import (
	"fmt"

	"github.com/seed-3d078585/overseer/internal/pidfile"
	"github.com/seed-3d078585/overseer/internal/socket"
)

// writePIDFile returns nil where there is to be none.
func (s settled) writePIDFile() (*pidfile.File, error) {
	if s.PIDFile == "" {
		return nil, nil
	}
	f, err := pidfile.Open(s.PIDFile)
	if err != nil {
		return nil, fmt.Errorf("Config.PIDFile: %w", err)
	}
	return f, nil
}

// renewPIDFile takes the file of the master before, which was the same process,
// or the one that is configured now in place of it. The service goes on without
// one that cannot be had.
func (s settled) renewPIDFile() *pidfile.File {
	before := handed.state.Setting(pidFileSetting)
	if before != "" && before != s.PIDFile {
		if f, err := pidfile.Open(before); err == nil {
			s.removePIDFile(f)
		}
	}
	f, err := s.writePIDFile()
	if err != nil {
		newLogger(s.Config).Warn("no PID file", "error", err)
	}
	return f
}

func (s settled) removePIDFile(f *pidfile.File) {
	if f == nil {
		return
	}
	if err := f.Close(); err != nil {
		newLogger(s.Config).Warn("the PID file is left behind", "error", err)
	}
}

// closeAll gives sockets up that nothing was started for.
func closeAll(sockets []*socket.Socket) {
	for _, s := range sockets {
		s.Unlink() // what is left is replaced by the next that binds it
		s.Close()
	}
}
