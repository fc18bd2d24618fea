package rivals

import "syscall"

// An Idle is a process of the benchmark's binary that does nothing.
type Idle struct{ process *process }

// StartIdle starts one.
func StartIdle(dir, binary string) (Idle, error) {
	p, err := start(dir, []string{binary}, RoleVariable+"="+RoleIdle)
	return Idle{p}, err
}

// PID is its process.
func (i Idle) PID() int { return i.process.pid() }

// Stop ends it.
func (i Idle) Stop() error { return i.process.stop(syscall.SIGTERM) }
