package rivals

import "github.com/seed-3d078585/overseer/bench/contestant"

// The roles of the benchmark's own binary, by the environment.
const (
	RoleVariable = "BENCH_ROLE"

	RolePlain    = "plain"    // the program, and nothing that supervises it
	RoleOverseer = "overseer" // the program, supervised
	RoleIdle     = "idle"     // nothing but the binary
)

// Where the program serves, by the environment.
const (
	HTTPVariable = "BENCH_HTTP"
	TCPVariable  = "BENCH_TCP"
	FileVariable = "BENCH_FILE" // what /file sends

	LinesVariable     = "BENCH_LINES"     // overseer's echoes lines, if not empty
	ListenersVariable = "BENCH_LISTENERS" // more of them, of overseer's
	SourceVariable    = "BENCH_SOURCE"    // where overseer's fetcher looks
)

// List is all contestants, in the order of the page. The first two are the ones
// that figures are compared with: overseer, and the limit.
func List() []contestant.Contestant {
	return []contestant.Contestant{
		Program(RoleOverseer),
		Program(RolePlain),
		&relisten{},
		&nginx{name: "nginx, reload"},
		&nginx{name: "nginx, binary upgrade", binary: true},
		&haproxy{},
	}
}

// Program is the program in a role of its own: overseer, or plain.
func Program(role string) contestant.Contestant {
	if role == RoleOverseer {
		return &own{name: "overseer", role: role, handover: true}
	}
	return &own{name: "plain net/http", role: role}
}
