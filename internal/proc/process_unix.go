//go:build unix

package proc

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
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
		Env:   append(append([]string(nil), s.Env...), env(w.extra)...),
		Files: w.files,
		Sys:   &syscall.SysProcAttr{Setpgid: s.OwnGroup},
	}
	p, err := startRetrying(path, s.Args, attr)
	if err != nil {
		w.closeParentEnds()
		return nil, explain(s.Path, err)
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
	started(p.Pid)
	go process.wait()
	return process
}

// startRetrying meets ETXTBSY: a process that another part of the host forked
// while the file was being written may hold it open until its own exec
// (golang/go#22315). That lasts microseconds.
func startRetrying(path string, args []string, attr *os.ProcAttr) (*os.Process, error) {
	for wait := time.Millisecond; ; wait *= 2 {
		p, err := os.StartProcess(path, args, attr)
		if !errors.Is(err, syscall.ETXTBSY) || wait > 500*time.Millisecond {
			return p, err
		}
		time.Sleep(wait)
	}
}

func (p *Process) wait() {
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
		return crash
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

// explain adds to an error of exec what an operator can do about it.
func explain(path string, err error) error {
	var hint string
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		hint = ": the file is no program for this machine (wrong architecture, or cut short)"
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		hint = ": the file is not executable, or lies on a filesystem mounted noexec"
	case errors.Is(err, syscall.ENOENT):
		hint = ": the file is missing, or it is linked dynamically and the loader that it names is"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		hint = ": the limit of open files (ulimit -n) is reached"
	case errors.Is(err, syscall.ENOMEM), errors.Is(err, syscall.EAGAIN):
		hint = ": the host is out of memory or processes"
	}
	var perr *os.PathError
	if errors.As(err, &perr) {
		err = perr.Err
	}
	return fmt.Errorf("start %q: %w%s", path, err, hint)
}

// Temporary reports whether an error of Start is the host's fault and not the
// binary's.
func Temporary(err error) bool {
	for _, host := range []error{syscall.ENOMEM, syscall.EAGAIN, syscall.EMFILE, syscall.ENFILE, syscall.ETXTBSY, syscall.ENOSPC} {
		if errors.Is(err, host) {
			return true
		}
	}
	return false
}

// execPath returns a path that names the very file behind Spec.Binary in the
// child, which gets files.
func execPath(s Spec, files []*os.File) (path string, release func(), err error) {
	if s.Binary == nil || !byDescriptor {
		return s.Path, func() {}, nil
	}
	fd, err := dupHigh(s.Binary, files)
	if err != nil {
		return "", nil, explain(s.Path, err)
	}
	path = "/proc/self/fd/" + strconv.Itoa(fd)
	if _, err := os.Stat(path); err != nil {
		unix.Close(fd)
		return s.Path, func() {}, nil // no /proc here
	}
	return path, func() { unix.Close(fd) }, nil
}

// dupHigh duplicates a file to a number clear of those that the fork gives out
// in the child before it executes: the targets, and a scratch number for each of
// them and for its own pipe, from the highest source on.
func dupHigh(f *os.File, files []*os.File) (int, error) {
	first := len(files) + 1
	for _, f := range files {
		n, err := descriptor(f)
		if err != nil {
			return 0, err
		}
		first = max(first, n+1)
	}
	first += len(files) + 1
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	fd, dupErr := -1, error(nil)
	if err := raw.Control(func(n uintptr) {
		fd, dupErr = unix.FcntlInt(n, unix.F_DUPFD_CLOEXEC, first)
	}); err != nil {
		return 0, err
	}
	if dupErr == unix.EINVAL { // how fcntl(2) says that the number is above the limit
		dupErr = unix.EMFILE
	}
	return fd, dupErr
}

// descriptor returns a file's number and leaves its mode alone.
func descriptor(f *os.File) (int, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	n := -1
	err = raw.Control(func(fd uintptr) { n = int(fd) })
	return n, err
}

// Environ returns an environment without the variables that begin with one of
// the prefixes.
func Environ(env []string, prefixes ...string) []string {
	var kept []string
next:
	for _, v := range env {
		for _, p := range prefixes {
			if strings.HasPrefix(v, p) {
				continue next
			}
		}
		kept = append(kept, v)
	}
	return kept
}
