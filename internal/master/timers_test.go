//go:build unix

package master

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3d078585/overseer/internal/machine"
)

// owner stands in for Run's goroutine.
type owner struct {
	calls chan func()
	quit  chan struct{}
}

func newOwner() *owner { return &owner{calls: make(chan func()), quit: make(chan struct{})} }

func (o *owner) call(f func()) bool {
	select {
	case o.calls <- f:
		return true
	case <-o.quit:
		return false
	}
}

func TestTimersFireOnceAndInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOwner()
		timers := newTimers(o.call)
		var fired []machine.Bound
		set := func(b machine.Bound, d time.Duration) {
			timers.set(machine.Timer{Bound: b}, d, func() { fired = append(fired, b) })
		}
		set(machine.BoundReady, 2*time.Minute)
		set(machine.BoundOpen, time.Minute)
		set(machine.BoundReady, 30*time.Second) // anew, and sooner
		set(machine.BoundEnd, time.Second)
		timers.stop(machine.Timer{Bound: machine.BoundEnd})
		started := time.Now()
		for range 2 {
			(<-o.calls)()
		}
		if len(fired) != 2 || fired[0] != machine.BoundReady || fired[1] != machine.BoundOpen {
			t.Errorf("fired %v, want ready, then open", fired)
		}
		if took := time.Since(started); took != time.Minute {
			t.Errorf("the second fired after %v, want 1m", took)
		}
		close(o.quit)
		timers.close()
	})
}

// A timer that has run out but has not been heard yet is taken back all the
// same: the machine's proof relies on it.
func TestStoppedTimerIsNotHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOwner()
		timers := newTimers(o.call)
		name := machine.Timer{Bound: machine.BoundOpen, Gen: 1}
		heard := 0
		timers.set(name, time.Second, func() { heard++ })
		time.Sleep(2 * time.Second) // simulated: its goroutine waits for the owner now
		synctest.Wait()
		timers.stop(name)
		timers.set(name, time.Second, func() { heard += 10 })
		(<-o.calls)() // the first, too late
		(<-o.calls)()
		if heard != 10 {
			t.Errorf("heard %d, want the second timer alone", heard)
		}
		close(o.quit)
	})
}
