//go:build unix

package proc

import (
	"errors"
	"os"
	"slices"
	"syscall"
	"time"
)

// Spec says what to start.
type Spec struct {
	Binary *os.File // open for reading; what runs
	Path   string   // names the binary where it cannot be run by descriptor
	Args   []string // with Args[0]
	Env    []string
	Dir    string
	Files  []*os.File // become descriptors 3 and on; the caller closes them

	Stdin, Stdout *os.File // nil: the null device
	Stderr        *os.File // nil: the null device
	CaptureStderr bool     // put a pipe before Stderr and keep what passes
	CaptureCrash  bool     // leave the process a pipe for its last words

	OwnGroup bool // in a process group of its own: a terminal's signals do not reach it

	Credential *Credential // the user it runs as; nil: that of this process
	Prepared   bool        // the calling thread is one that Credential.Prepare has made
}

// Extra names the descriptors that Start adds behind Spec.Files.
type Extra struct {
	Stderr int // the real standard error, 0: descriptor 2 is real
	Crash  int // write end for the last words, 0: none
}

// A Process is a started process. Its methods may be called by many goroutines.
type Process struct {
	PID    int
	p      *os.Process
	stderr *keeper
	crash  *keeper
	done   chan struct{}
	exit   Exit
}

// Start starts a process. The environment is made by env, which is told the
// numbers of the descriptors that capturing has added.
func Start(s Spec, env func(Extra) []string) (*Process, error) {
	w, err := wire(s)
	if err != nil {
		return nil, err
	}
	defer w.closeChildEnds()
	path, release, err := execPath(s, w.files)
	if err != nil {
		w.closeParentEnds()
		return nil, err
	}
	defer release()
	attr := &os.ProcAttr{
		Dir:   s.Dir,
		Env:   append(s.Credential.environ(slices.Clone(s.Env)), env(w.extra)...),
		Files: w.files,
		Sys:   &syscall.SysProcAttr{Setpgid: s.OwnGroup, Credential: s.Credential.sys()},
	}
	p, err := startAs(s.Credential, s.Prepared, func() (*os.Process, error) { return startRetrying(path, s.Args, attr) })
	if err != nil {
		w.closeParentEnds()
		return nil, Explain(s.Path, s.Credential, err)
	}
	return newProcess(p, w), nil
}

func newProcess(p *os.Process, w *wiring) *Process {
	process := &Process{PID: p.Pid, p: p, done: make(chan struct{})}
	if w.stderrRead != nil {
		process.stderr = keep(w.stderrRead, w.stderr, keptStderr, true)
	}
	if w.crashRead != nil {
		process.crash = keep(w.crashRead, nil, keptCrash, false)
	}
	process.watch()
	return process
}

func (p *Process) watch() {
	started(p.PID)
	go p.wait()
}

// startRetrying meets ETXTBSY: a process that another part of the host forked
// while the file was being written may hold it open until its own exec
// (golang/go#22315). That lasts microseconds.
func startRetrying(path string, args []string, attr *os.ProcAttr) (*os.Process, error) {
	for wait := time.Millisecond; ; wait *= 2 {
		var p *os.Process
		var err error
		Unblocked(func() { p, err = os.StartProcess(path, args, attr) })
		if !errors.Is(err, syscall.ETXTBSY) || wait > 500*time.Millisecond {
			return p, err
		}
		time.Sleep(wait)
	}
}

func (p *Process) wait() {
	awaitEnd(p.PID)
	reaping.RLock()
	defer reaping.RUnlock()
	defer close(p.done)
	defer ended(p.PID)
	state, err := p.p.Wait()
	p.crash.end()
	p.stderr.end()
	p.exit = Exit{Code: -1, Output: p.Output()}
	if err != nil {
		return // somebody else waited for it: its code is not known
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		p.exit.Code, p.exit.Signal = 0, int(status.Signal())
		return
	}
	p.exit.Code = state.ExitCode()
}

// Output returns the first words of the process's crash, or the last lines that
// it has written to its standard error so far.
func (p *Process) Output() string {
	if crash := p.crash.text(); crash != "" {
		return p.stderr.cause(crash) + crash
	}
	return lastLines(p.stderr.text(), tailLines)
}

// Done is closed when the process has ended; Exit then says how.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit waits for the end of the process.
func (p *Process) Exit() Exit {
	<-p.done
	return p.exit
}

// Signal sends a signal; to a process that has ended it does nothing.
func (p *Process) Signal(sig int) error {
	err := p.p.Signal(syscall.Signal(sig))
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Kill ends the process by SIGKILL.
func (p *Process) Kill() error { return p.Signal(int(syscall.SIGKILL)) }

// KillGroup ends by SIGKILL what is left of the process group of a process that
// was started with OwnGroup, also after the process itself has ended: its number
// is not given away while the group has a member.
func (p *Process) KillGroup() error {
	err := syscall.Kill(-p.PID, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}
