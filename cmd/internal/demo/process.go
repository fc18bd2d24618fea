package demo

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/seed-3d078585/overseer"
)

// stopWait is how long the service may take to end when asked to: its drain and
// its workers' ends.
const stopWait = 2*drainTimeout + 5*time.Second

// A process is the running service: the master, and what it starts.
type process struct {
	dir      string
	binary   string
	command  *exec.Cmd
	lifeline *os.File   // its end tells the service that the demo has died
	events   chan event // of its log; closed never, see ended
	quit     chan struct{}
	said     *tail
	ended    chan struct{} // closed when the master has ended, with its code in err
	err      error
}

// startProcess installs a version in a new directory and starts it.
func startProcess(bytes []byte, releases string) (*process, error) {
	dir, err := os.MkdirTemp("", dirPrefix)
	if err != nil {
		return nil, fmt.Errorf("make a directory for the demo: %w", err)
	}
	p := &process{
		dir:    dir,
		binary: filepath.Join(dir, "service"),
		events: make(chan event),
		quit:   make(chan struct{}),
		said:   &tail{},
		ended:  make(chan struct{}),
	}
	if err := p.start(bytes, releases); err != nil {
		return nil, errors.Join(err, removeDir(dir))
	}
	return p, nil
}

func (p *process) start(bytes []byte, releases string) error {
	if err := writeProgram(p.binary, bytes); err != nil {
		return err
	}
	stdin, lifeline, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start the service: %w", err)
	}
	defer stdin.Close()
	log, logEnd, err := os.Pipe()
	if err != nil {
		lifeline.Close()
		return fmt.Errorf("start the service: %w", err)
	}
	defer logEnd.Close()
	c := exec.Command(p.binary, ServiceCommand, "-dir", p.dir, "-releases", releases)
	c.Stdin, c.Stdout, c.Stderr = stdin, logEnd, p.said
	c.WaitDelay = stopWait
	ownGroup(c)
	if err := c.Start(); err != nil {
		lifeline.Close()
		log.Close()
		return fmt.Errorf("start the service (is %q on a filesystem mounted noexec? set TMPDIR): %w", p.dir, err)
	}
	p.command, p.lifeline = c, lifeline
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer log.Close()
		readEvents(log, p.events, p.quit)
	}()
	go func() {
		err := c.Wait()
		<-read // all that was logged has been seen
		p.err = err
		close(p.ended)
	}()
	return nil
}

// restart asks for a restart as an operator would.
func (p *process) restart() error { return p.command.Process.Signal(overseer.SIGUSR2) }

// askToEnd asks for a graceful stop.
func (p *process) askToEnd() { p.command.Process.Signal(overseer.SIGTERM) } // it has ended already: fine

// close ends the service, by force where it must be, and removes what it left.
func (p *process) close() error {
	p.askToEnd()
	late := time.AfterFunc(stopWait, func() { p.command.Process.Kill() })
	defer late.Stop()
	close(p.quit)
	// Workers that outlive a killed master end by themselves. The log, which
	// they hold, ends with the last of them.
	<-p.ended
	return errors.Join(p.lifeline.Close(), removeDir(p.dir))
}

// writeProgram writes an executable. Nothing else in this process starts
// processes meanwhile, so none can inherit the open file and keep it from being
// executed (golang/go#22315).
func writeProgram(path string, bytes []byte) error {
	if err := os.WriteFile(path, bytes, 0o755); err != nil {
		return fmt.Errorf("write the first version: %w", err)
	}
	return nil
}
