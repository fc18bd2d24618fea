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
	running map[machine.Timer]running
}

type running struct {
	*time.Timer
	end time.Time
}

func newTimers(call func(func()) bool) timers {
	return timers{call: call, running: map[machine.Timer]running{}}
}

func (t *timers) set(name machine.Timer, after time.Duration, fire func()) {
	t.stop(name)
	var this *time.Timer
	set := make(chan struct{})
	this = time.AfterFunc(after, func() {
		<-set
		t.call(func() {
			if t.running[name].Timer == this {
				delete(t.running, name)
				fire()
			}
		})
	})
	close(set)
	t.running[name] = running{this, time.Now().Add(after)}
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

// timerState is a running timer as a successor goes on with it.
type timerState struct {
	Timer machine.Timer `json:"timer"`
	Left  time.Duration `json:"left"`
}

func (t *timers) left() (all []timerState) {
	for name, r := range t.running {
		all = append(all, timerState{Timer: name, Left: max(time.Until(r.end), 0)})
	}
	return all
}
