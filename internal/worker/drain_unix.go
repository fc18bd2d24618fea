//go:build unix

package worker

import (
	"slices"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
)

// A schedule is the plan of a drain; constant once made.
type schedule struct {
	polite time.Time // until then connections end by themselves
	forced time.Time // then they are closed
	final  time.Time // then the process ends
}

// margin is the part of a drain that is kept for the program to end in, once its
// connections were closed by force.
func margin(timeout time.Duration) time.Duration {
	return min(timeout/10, time.Second)
}

func newSchedule(timeout time.Duration) *schedule {
	final := time.Now().Add(timeout)
	forced := final.Add(-margin(timeout))
	return &schedule{polite: forced.Add(-margin(timeout)), forced: forced, final: final}
}

// drain begins the end of this generation; a second call does nothing.
func (w *Worker) drain(d handover.Drain) bool {
	w.mu.Lock()
	if w.schedule != nil {
		w.mu.Unlock()
		return false
	}
	w.schedule = newSchedule(d.Timeout)
	w.mu.Unlock()

	w.estate.taker.Close()
	w.signals.expect(d.Signal)
	for i, s := range w.sockets {
		s.drain(d.Last || slices.Contains(d.Ending, i))
	}
	close(w.Graceful)
	w.cancel()
	go w.finish(d.Timeout)
	return true
}

// finish bounds the drain: see Listener for what waits on withheld, and Wait for
// what waits on drained.
func (w *Worker) finish(timeout time.Duration) {
	none := w.tally.none()
	linger := time.NewTimer(min(w.linger, timeout/4))
	half := time.NewTimer(timeout / 2)
	forced := time.NewTimer(time.Until(w.schedule.forced))
	defer linger.Stop()
	defer half.Stop()
	defer forced.Stop()
	select {
	case <-none:
	case <-half.C:
	}
	<-linger.C
	close(w.withheld)
	select {
	case <-none:
	case <-forced.C:
		w.tally.closeAll()
	}
	close(w.drained)
}

// Draining reports whether the generation has been told to end.
func (w *Worker) Draining() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.schedule != nil
}

// Wait is called when the program has returned. During a drain it waits until
// the accepted connections are finished or their time has passed; a program
// that returns of its own accord is not held up.
func (w *Worker) Wait() {
	if w.Draining() {
		<-w.drained
	}
}

// orphaned is the end of a worker whose master has died: nobody steers it, and a
// new master wants the address.
func (w *Worker) orphaned() {
	w.drain(handover.Drain{Timeout: w.Setup.TerminateTimeout, Last: true})
	timer := time.NewTimer(time.Until(w.schedule.final))
	defer timer.Stop()
	<-timer.C
	w.quit(1)
}
