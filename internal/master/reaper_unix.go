//go:build unix

package master

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer/internal/proc"
)

// reapAfter is the time between two looks at the same zombie.
const reapAfter = time.Second

// reaper has orphans waited for where this process is PID 1, as in a container.
// Elsewhere it never becomes due.
type reaper struct {
	orphans proc.Reaper
	child   chan os.Signal
	again   *time.Timer // the next look at what was seen
}

func newReaper() *reaper {
	r := &reaper{child: make(chan os.Signal, 1)}
	if os.Getpid() == 1 {
		signal.Notify(r.child, syscall.SIGCHLD)
	}
	return r
}

// due yields a value when a child has ended, or a zombie is to be looked at
// again.
func (r *reaper) due() <-chan os.Signal { return r.child }

func (r *reaper) reap() {
	if !r.orphans.Reap() {
		return
	}
	if r.again != nil {
		r.again.Stop()
	}
	r.again = time.AfterFunc(reapAfter, func() {
		select {
		case r.child <- syscall.SIGCHLD:
		default:
		}
	})
}

func (r *reaper) close() {
	signal.Stop(r.child)
	if r.again != nil {
		r.again.Stop()
	}
}
