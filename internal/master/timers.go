//go:build unix

package master

import (
	"time"

	"github.com/seed-3d078585/overseer/internal/machine"
)

// timers runs the machine's clocks. A timer that was stopped or set anew never
// fires, although its clock may have run out at the same moment: the owner
// compares what it set with what has fired. Only the owner calls it.
type timers struct {
	call    func(func()) bool // has the owner run something
	running map[machine.Timer]*time.Timer
}

func newTimers(call func(func()) bool) timers {
	return timers{call: call, running: map[machine.Timer]*time.Timer{}}
}

func (t *timers) set(name machine.Timer, after time.Duration, fire func()) {
	t.stop(name)
	var this *time.Timer
	set := make(chan struct{})
	this = time.AfterFunc(after, func() {
		<-set
		t.call(func() {
			if t.running[name] == this {
				delete(t.running, name)
				fire()
			}
		})
	})
	close(set)
	t.running[name] = this
}

func (t *timers) stop(name machine.Timer) {
	if timer, ok := t.running[name]; ok {
		timer.Stop()
		delete(t.running, name)
	}
}

func (t *timers) close() {
	for name := range t.running {
		t.stop(name)
	}
}
