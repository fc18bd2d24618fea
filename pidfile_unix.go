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

// closeAll gives sockets up that nothing was started for.
func closeAll(sockets []*socket.Socket) {
	for _, s := range sockets {
		s.Unlink() // what is left is replaced by the next that binds it
		s.Close()
	}
}
