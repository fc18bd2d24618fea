//go:build unix

package proc

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// This file is for a master that replaces itself by execve(2): its processes stay
// its children, and the next image takes them over.

// reaping is held for reading while a process that has ended is waited for, and
// written down. Whoever holds it for writing knows that each process is either
// reported as ended or still there to be waited for.
var reaping sync.RWMutex

// HoldReaping keeps ended processes from being waited for until release is
// called. It waits for those that are being reported, within the timeout.
func HoldReaping(timeout time.Duration) (release func(), err error) {
	for deadline := time.Now().Add(timeout); !reaping.TryLock(); {
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("the end of a process takes longer than %v to report", timeout)
		}
		time.Sleep(time.Millisecond) // a lock tells nobody that it is free
	}
	return reaping.Unlock, nil
}

// A Handoff is a process without its descriptors.
type Handoff struct {
	PID    int   `json:"pid"`
	Stderr *Pipe `json:"stderr,omitempty"`
	Crash  *Pipe `json:"crash,omitempty"`
}

// A Pipe is one that a process writes to, and what was kept of it.
type Pipe struct {
	FD   int    `json:"fd"`
	Kept []byte `json:"kept,omitempty"`
	Cut  bool   `json:"cut,omitempty"`
	Last string `json:"last,omitempty"` // a fatal error's own line, which Kept may have lost
}

// Interrupt stops the reading of the process's pipes, within the timeout, for
// [Process.Handoff]. Resume takes it back, also after an error.
func (p *Process) Interrupt(timeout time.Duration) error {
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for _, k := range []*keeper{p.stderr, p.crash} {
		if k == nil {
			continue
		}
		select {
		case <-k.interrupt():
		case <-k.done:
		case <-timer.C:
			return fmt.Errorf("the standard error of process %d is not read: does whoever takes this process's own hang?", p.PID)
		}
	}
	return nil
}

// Resume goes on reading what Interrupt has stopped.
func (p *Process) Resume() {
	for _, k := range []*keeper{p.stderr, p.crash} {
		if k != nil {
			k.resume()
		}
	}
}

// Ended reports whether the process has ended and was waited for.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Handoff returns what [Adopt] needs. The process is interrupted, reaping is
// held, and it has not ended.
func (p *Process) Handoff() Handoff {
	return Handoff{PID: p.PID, Stderr: p.stderr.handoff(), Crash: p.crash.handoff()}
}

// handoff returns nil for a pipe that has ended.
func (k *keeper) handoff() *Pipe {
	if k == nil {
		return nil
	}
	select {
	case <-k.done:
		return nil
	default:
	}
	fd, err := descriptor(k.pipe)
	if err != nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return &Pipe{FD: fd, Kept: k.kept, Cut: k.cut, Last: k.fatal}
}

// Adopt takes over a child that an earlier image of this very process started.
// It may have ended meanwhile: that is reported as ever. stderr is where its
// lines go on to. The descriptors are the process's from then on.
func Adopt(h Handoff, stderr *os.File) (*Process, error) {
	p, err := os.FindProcess(h.PID)
	if err != nil {
		return nil, fmt.Errorf("take over process %d: %w", h.PID, err)
	}
	if err := p.Signal(syscall.Signal(0)); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return nil, fmt.Errorf("take over process %d: %w", h.PID, err)
	}
	process := &Process{PID: h.PID, p: p, done: make(chan struct{})}
	process.stderr = h.Stderr.resume(stderr, keptStderr, true)
	process.crash = h.Crash.resume(nil, keptCrash, false)
	process.watch()
	return process, nil
}

func (h *Pipe) resume(to *os.File, max int, tail bool) *keeper {
	if h == nil {
		return nil
	}
	k := newKeeper(os.NewFile(uintptr(h.FD), "pipe"), to, max, tail)
	k.kept, k.cut, k.fatal = h.Kept, h.Cut, h.Last
	go k.run()
	return k
}
