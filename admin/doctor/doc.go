// Package doctor looks for what keeps a service from being upgraded or from
// answering, and says what to do about each.
//
//   - It changes nothing. It writes no file, and asks nothing of the master but
//     what it is given.
//   - What it cannot find out it says: [Unknown] is no [OK].
//   - It comes to an end: each thing it asks for has a bound, and the context's
//     end is heeded.
//
// It looks from outside, as the user who runs it; root sees most.
package doctor

import (
	"context"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// A Subject is the service that is looked at. What is not known stays empty, and
// the checks that need it say so.
type Subject struct {
	Socket     string        // for texts
	Status     *admin.Status // as the master says; nil: it said nothing
	Err        error         // why not
	Quarantine []admin.Entry // releases that are not tried again

	PID      int    // of the master, as it is seen from here; 0: it does not run, or is not known
	Binary   string // path of the installed program
	StateDir string // of its state directory
	Keys     []string

	// Show is systemctl show; nil: the real one.
	Show func(ctx context.Context, unit string) (map[string]string, error)
	Now  time.Time // zero: now
}

// A Finding is the result of one check.
type Finding struct {
	Check  string `json:"check"`            // its name; see docs/cli.md
	Result Result `json:"result"`           // ok, warn, fail, unknown
	Found  string `json:"found"`            // what was found
	Advice string `json:"advice,omitempty"` // what to do
}

// A Result says how bad a finding is.
type Result string

// The results.
const (
	OK      Result = "ok"
	Warn    Result = "warn"    // it works, and something may keep it from going on
	Fail    Result = "fail"    // it does not work, or the next upgrade will not
	Unknown Result = "unknown" // it could not be looked at
)

// Examine carries out all checks, in the order in which a person wants to read
// them.
func Examine(ctx context.Context, s Subject) []Finding {
	if s.Now.IsZero() {
		s.Now = time.Now()
	}
	if s.Show == nil {
		s.Show = show
	}
	var r report
	r.service(s)
	r.upgrades(s)
	h := hostOf(s)
	r.binary(s, h)
	r.stateDir(s, h)
	r.mounts(s, h)
	r.space(s, h)
	r.keys(s, h)
	r.clock(s, h)
	r.files(s)
	r.systemd(ctx, s)
	return r
}

// A report grows.
type report []Finding

func (r *report) ok(check, found string)           { r.add(check, OK, found, "") }
func (r *report) unknown(check, found, how string) { r.add(check, Unknown, found, how) }

func (r *report) add(check string, result Result, found, advice string) {
	*r = append(*r, Finding{Check: check, Result: result, Found: found, Advice: advice})
}
