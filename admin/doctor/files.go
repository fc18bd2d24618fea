package doctor

import (
	"fmt"

	"github.com/seed-3d078585/overseer/admin"
)

// files says whether the live generation has descriptors for more connections.
func (r *report) files(s Subject) {
	const check = "open files"
	g, ok := live(s.Status)
	if !ok || g.PID == 0 || s.PID == 0 {
		r.unknown(check, "no live generation can be looked at from here", "")
		return
	}
	limit, open, err := openFiles(s.PID, g.PID)
	if err != nil {
		r.unknown(check, fmt.Sprintf("generation %d: %v", g.Number, err), "run this as root, or as the user of the service")
		return
	}
	found := fmt.Sprintf("generation %d has %d of %d", g.Number, open, limit)
	if c := g.Connections; c != nil {
		found += fmt.Sprintf(", with %d connections", c.Open)
	}
	switch {
	case limit < 1024 || open > limit-limit/20:
		r.add(check, Fail, found, "raise LimitNOFILE= in the unit, or ulimit -n; restart the service")
	case open > limit/5*4:
		r.add(check, Warn, found, "raise LimitNOFILE= in the unit, or ulimit -n")
	default:
		r.ok(check, found)
	}
}

func live(st *admin.Status) (admin.Generation, bool) {
	if st == nil {
		return admin.Generation{}, false
	}
	for _, g := range st.Generations {
		if g.Number == st.Live && st.Live != 0 {
			return g, true
		}
	}
	return admin.Generation{}, false
}
