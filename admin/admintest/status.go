package admintest

import (
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// firstStatus is that of a service that has just begun.
func firstStatus() admin.Status {
	now := time.Now().UTC().Truncate(time.Millisecond)
	began := now.Add(-time.Minute)
	return admin.Status{
		Name:      "app",
		Binary:    "/srv/app/app",
		PID:       4000,
		Started:   began,
		Socket:    "/srv/app/state/admin.sock",
		Addresses: []string{"127.0.0.1:3000"},
		Condition: admin.Serving,
		Live:      1,
		Generations: []admin.Generation{{
			Number:  1,
			PID:     4001,
			Phase:   admin.PhaseLive,
			Release: admin.Release{Digest: strings.Repeat("a1", 32), Version: "1.0.0"},
			Started: began,
			Since:   began.Add(time.Second),
			Phases: []admin.Change{
				{Phase: admin.PhaseStarting, At: began},
				{Phase: admin.PhaseReady, At: began.Add(400 * time.Millisecond)},
				{Phase: admin.PhaseProbed, At: began.Add(900 * time.Millisecond)},
				{Phase: admin.PhaseLive, At: began.Add(time.Second)},
			},
			Connections: &admin.Connections{Open: 12, Accepted: 340},
			Usage:       admin.Usage{RSS: 24 << 20, CPU: 1.5},
		}},
		Gone:     []admin.Generation{},
		Starts:   1,
		Usage:    admin.Usage{RSS: 9 << 20, CPU: 0.2},
		Rollback: []admin.Target{},
		LogLevel: "info",
	}
}

func firstSample() admin.Sample {
	return admin.Sample{
		Usage: admin.Usage{RSS: 9 << 20, CPU: 0.2},
		Generations: []admin.GenerationSample{{
			Number:      1,
			Phase:       admin.PhaseLive,
			Connections: &admin.Connections{Open: 12, Accepted: 340},
			Usage:       admin.Usage{RSS: 24 << 20, CPU: 1.5},
		}},
	}
}
