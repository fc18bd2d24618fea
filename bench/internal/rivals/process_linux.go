package rivals

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer/bench/contestant"
)

// patience bounds the start and the end of a process.
const patience = 20 * time.Second

// A process is a child of the benchmark, which ends with it.
type process struct {
	cmd  *exec.Cmd
	gone chan struct{}
	err  error
}

// start starts a command, which writes what it says into a file of the directory.
func start(dir string, command []string, env ...string) (*process, error) {
	out, err := os.OpenFile(filepath.Join(dir, "output"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p := &process{cmd: exec.Command(command[0], command[1:]...), gone: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.gone)
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// stop asks a process to end, and kills it where it does not.
func (p *process) stop(s syscall.Signal) error {
	select {
	case <-p.gone:
		return fmt.Errorf("%s has ended by itself: %w", p.cmd.Path, p.err)
	default:
	}
	if err := p.signal(s); err != nil {
		return err
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.gone:
		return nil
	case <-timer.C:
		p.signal(syscall.SIGKILL)
		<-p.gone
		return fmt.Errorf("%s did not end within %v of %v, and was killed", p.cmd.Path, patience, s)
	}
}

// answers waits until an address answers, and returns the version, or until the
// service is gone. What it has said is part of the error.
func answers(ctx context.Context, place contestant.Place, gone <-chan struct{}) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answered := make(chan struct{})
	defer close(answered)
	go func() {
		select {
		case <-gone:
			cancel()
		case <-answered:
		}
	}()
	version, err := contestant.Changed(ctx, place.HTTP, nil)
	if err != nil {
		said, _ := os.ReadFile(filepath.Join(place.Dir, "output"))
		err = errors.Join(err, fmt.Errorf("it has said: %s", said))
	}
	return version, err
}

// found returns why a Debian package is needed, or nil.
func found(program, debian string) error {
	if _, err := exec.LookPath(program); err != nil {
		return fmt.Errorf("%s is not installed: apt-get install %s", program, debian)
	}
	return nil
}
