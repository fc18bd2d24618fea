//go:build unix

package overseer

import (
	"time"

	"github.com/seed-3d078585/overseer/internal/machine"
)

// machine returns what the decisions are made by.
func (s settled) machine() machine.Settings {
	return machine.Settings{
		Sequential:          s.Sequential || len(s.addresses) == 0 && !s.Overlap,
		NoRestart:           s.NoRestart,
		NoRestartAfterFetch: s.NoRestartAfterFetch,
		Succession:          canSucceed && !s.KeepMaster && s.command == nil && s.runsItself(),
		KeepAlive:           machine.KeepAlive(s.KeepAlive),
		ReadyTimeout:        s.ReadyTimeout,
		Settle:              settle,
		ProbeInterval:       s.ProbeInterval,
		OpenTimeout:         openTimeout,
		Probation:           s.Probation,
		TerminateTimeout:    s.TerminateTimeout,
		FailTimeout:         min(failTimeout, s.TerminateTimeout),
		LostTimeout:         lostTimeout,
		DeferInterval:       deferInterval,
		Retry:               machine.Backoff{Min: time.Minute, Max: time.Hour},
		Respawn:             machine.Backoff{Min: 100 * time.Millisecond, Max: 30 * time.Second},
		Stable:              time.Minute,
		FinalTimeout:        time.Second,
	}
}

// Bounds that need no configuration.
const (
	settle        = time.Second // documented with State.Ready
	openTimeout   = 10 * time.Second
	failTimeout   = 5 * time.Second
	lostTimeout   = time.Second
	deferInterval = time.Second // documented with Config.MayRestart
	probeTimeout  = 5 * time.Second
)
