//go:build unix

package master

import (
	"time"

	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/usage"
)

// restAfter lets the program's first requests go first.
const restAfter = 250 * time.Millisecond

// A rest is what the master does with the time in which one generation serves and
// nothing is under way: it gives back what the start, or the handover behind it,
// has brought into memory. It belongs to the owner.
type rest struct {
	is    bool
	timer *time.Timer
}

// observe begins or ends the rest.
func (r *rest) observe(m *Master, s machine.Snapshot) {
	was := r.is
	r.is = s.Live != 0 && len(s.Generations) == 1 && !s.Stopping
	switch {
	case r.is && !was:
		r.timer = time.AfterFunc(restAfter, func() { m.call(func() { r.giveBack(m) }) })
	case was && !r.is:
		r.timer.Stop()
	}
}

func (r *rest) giveBack(m *Master) {
	if r.is {
		m.beside.Go(func() {
			if usage.Trim() == nil { // an error leaves all as it was
				m.cfg.Log.Debug("gave back the memory that only the start has needed")
			}
		})
	}
}

func (r *rest) close() {
	if r.timer != nil {
		r.timer.Stop()
	}
}
