//go:build unix

package overseer_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
)

// The tests of this package start real masters: the test binary, executed again
// under the name of a registered program. What a program is to do differently
// in another release is written behind the end of its file (see plan), so a
// release is a copy of the test binary and takes no compiler.
//
// Nothing outlives its test: a service runs in a session of its own, and all
// processes of that session are killed in the end.

const (
	programVariable = "TEST_PROGRAM" // the name of a program: this process is a service
	bound           = 60 * time.Second

	replaced = "the master has been replaced" // the first line of the next image
)

// programs are the mains of services, registered beside the tests that use them.
var programs = map[string]func(){}

// usedPrograms are those that some test has started; TestMain complains about
// one that none does.
var usedPrograms sync.Map

func register(name string, main func()) string {
	if _, ok := programs[name]; ok {
		panic("program registered twice: " + name)
	}
	programs[name] = main
	return name
}

func TestMain(m *testing.M) {
	if name := os.Getenv(programVariable); name != "" {
		early(readPlan())
		programs[name]()
		os.Exit(0)
	}
	manyAtATime()
	run, err := os.MkdirTemp("", "ovs")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Setenv("XDG_RUNTIME_DIR", run) // where masters without a state directory can be reached
	code := m.Run()
	os.RemoveAll(run)
	if code == 0 && wholeRun() {
		for name := range programs {
			if _, used := usedPrograms.Load(name); !used {
				fmt.Fprintf(os.Stderr, "no test starts the program %q: remove it\n", name)
				code = 1
			}
		}
	}
	os.Exit(code)
}

// manyAtATime has more parallel tests run at a time than there are processors:
// most of them wait most of the time.
func manyAtATime() {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0))) // a number is fine
	}
}

// wholeRun reports whether this run leaves no test out.
func wholeRun() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.bench"} {
		if flag.Lookup(name).Value.String() != "" {
			return false
		}
	}
	return !testing.Short() && os.Geteuid() == 0
}

// A service is a master started by a test.
type service struct {
	t       *testing.T
	Dir     string // holds the installed binary and all else
	Binary  string // the installed binary
	Next    string // where a File fetcher looks
	PID     int
	cmd     *exec.Cmd
	exited  chan struct{}
	code    int
	lines   chan struct{} // signalled at each new line
	output  *os.File      // where the lines come from
	mu      sync.Mutex
	log     []string // all lines of standard error and standard output
	address string
}

// option changes how a service is started.
type option func(*service)

// env sets a variable for the service.
func env(key, value string) option {
	return func(s *service) { s.cmd.Env = append(s.cmd.Env, key+"="+value) }
}

// installed makes the first release follow a plan.
func installed(p plan) option {
	return func(s *service) { writeRelease(s.t, s.Binary, p) }
}

// inDir starts the service in a directory of another service.
func inDir(dir string) option {
	return func(s *service) {
		s.Dir, s.Binary, s.Next = dir, filepath.Join(dir, "app"), filepath.Join(dir, "next")
		s.cmd.Path, s.cmd.Args[0] = s.Binary, s.Binary
		s.cmd.Env = append(s.cmd.Env, "TEST_NEXT="+s.Next)
	}
}

// startService starts a program under a master and waits for nothing.
func startService(t *testing.T, program string, options ...option) *service {
	t.Helper()
	if programs[program] == nil {
		t.Fatalf("no program %q is registered", program)
	}
	usedPrograms.Store(program, true)
	dir := t.TempDir()
	s := &service{
		t: t, Dir: dir, Binary: filepath.Join(dir, "app"), Next: filepath.Join(dir, "next"),
		exited: make(chan struct{}), lines: make(chan struct{}, 1),
	}
	s.cmd = exec.Command(s.Binary)
	s.cmd.Env = append(os.Environ(),
		programVariable+"="+program,
		"TEST_NEXT="+s.Next,
		"GORACE=atexit_sleep_ms=0 halt_on_error=1", // a race ends the process: the test sees it
	)
	for _, o := range options {
		o(s)
	}
	if _, err := os.Lstat(s.Binary); err != nil {
		writeRelease(t, s.Binary, plan{Version: "1"})
	}
	s.start()
	return s
}

func (s *service) start() {
	s.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd.Stdout, s.cmd.Stderr = w, w
	if s.cmd.SysProcAttr == nil {
		s.cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	s.cmd.SysProcAttr.Setsid = true
	if err := s.cmd.Start(); err != nil {
		w.Close()
		s.t.Fatal(err)
	}
	s.PID, s.output = s.cmd.Process.Pid, r
	read, marked := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(read)
		defer r.Close()
		scanLines(r, func(text string) {
			if text == endMark {
				close(marked)
				return
			}
			s.line(text)
		})
	}()
	go func() {
		s.cmd.Wait()
		io.WriteString(w, "\n"+endMark+"\n") // fails where the test has closed the other end
		w.Close()
		select {
		case <-marked:
		case <-read:
		}
		s.code = s.cmd.ProcessState.ExitCode()
		if ws, ok := s.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			s.code = 128 + int(ws.Signal())
		}
		close(s.exited)
	}()
	s.t.Cleanup(func() {
		for _, end := range []chan struct{}{s.exited, read} {
			s.killUntil(end)
		}
		eventually(s.t, "the end of all that wrote elsewhere", func() bool {
			left := session(s.cmd.Process.Pid)
			for _, pid := range left {
				syscall.Kill(pid, syscall.SIGKILL)
			}
			return len(left) == 0
		})
		if s.t.Failed() {
			s.t.Logf("log of the service:\n%s", s.Log())
		}
	})
}

// killUntil kills the session until what is waited for has come: one that is being
// replaced at that moment looks like a zombie, and is not in the list.
func (s *service) killUntil(end <-chan struct{}) {
	deadline := time.After(bound)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		for _, pid := range session(s.cmd.Process.Pid) {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		select {
		case <-end:
			return
		case <-again.C:
		case <-deadline:
			s.t.Errorf("something of the service is left %v after it was killed", bound)
			return
		}
	}
}

// endMark follows all that the master has written: whoever has seen its end has
// its whole log.
const endMark = "-- the master has ended --"

func scanLines(r io.Reader, each func(string)) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		each(lines.Text())
	}
}

func (s *service) line(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, text)
	// The master quotes a program's lines in its own.
	if _, address, ok := strings.Cut(text, " listening on "); ok && strings.HasPrefix(text, "program of generation ") {
		s.address = address
	}
	select {
	case s.lines <- struct{}{}:
	default:
	}
}

// Log returns all that the service has written so far.
func (s *service) Log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.log, "\n")
}

// count returns how many lines hold all of the words.
func (s *service) count(words ...string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
next:
	for _, line := range s.log {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue next
			}
		}
		n++
	}
	return n
}

// await waits until n lines hold all of the words.
func (s *service) await(n int, words ...string) {
	s.t.Helper()
	s.until(fmt.Sprintf("%d lines with %q", n, words), func() bool { return s.count(words...) >= n })
}

// until waits for a condition on the log.
func (s *service) until(what string, condition func() bool) {
	s.t.Helper()
	deadline := time.After(bound)
	for !condition() {
		select {
		case <-s.lines:
		case <-s.exited:
			if condition() {
				return
			}
			s.t.Fatalf("the service exited with code %d while the test waited for %s", s.code, what)
		case <-deadline:
			s.t.Fatalf("no %s within %v", what, bound)
		}
	}
}

// Address waits for the address that the program has printed.
func (s *service) Address() string {
	s.t.Helper()
	s.until("address", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.address != ""
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.address
}

// live waits until so many generations have become live in all.
func (s *service) live(n int) {
	s.t.Helper()
	s.until(fmt.Sprintf("%d live generations", n), func() bool {
		return s.count("msg=live")-s.count("msg=live", "probation passed")+s.count("msg=trial") >= n
	})
}

// Signal sends a signal to the master.
func (s *service) Signal(sig syscall.Signal) {
	s.t.Helper()
	if err := syscall.Kill(s.PID, sig); err != nil {
		s.t.Fatalf("signal %v: %v", sig, err)
	}
}

// restart asks for a restart and waits until it is done: a new generation is
// live and the old one is gone.
func (s *service) restart() {
	s.t.Helper()
	gone := s.count("msg=gone")
	s.Signal(syscall.SIGUSR2)
	s.await(gone+1, "msg=gone")
}

// wait waits for the end of the master and returns its exit code.
func (s *service) wait() int {
	s.t.Helper()
	select {
	case <-s.exited:
		return s.code
	case <-time.After(bound):
		s.t.Fatalf("the master did not end within %v", bound)
		return 0
	}
}

// stop ends the service gracefully and checks its exit code.
//
// In the moment in which the master is replaced nobody can take a signal: it ends
// the master, and the workers drain by themselves, or with cgo it may be lost. See
// block_linux.go of internal/master.
func (s *service) stop() {
	s.t.Helper()
	s.stopDuring(func() {})
}

// stopDuring is stop with something that has to happen before the end can come.
func (s *service) stopDuring(something func()) {
	s.t.Helper()
	before := s.count(replaced)
	s.Signal(syscall.SIGTERM)
	something()
	s.until("end of the service, or of its master's replacement", func() bool {
		return s.ended() || s.count("msg=stopping") > 0 || s.count(replaced) > before
	})
	if s.count(replaced) > before && !within(3*time.Second, func() bool { return s.ended() || s.count("msg=stopping") > 0 }) {
		s.Signal(syscall.SIGTERM)
	}
	switch code := s.wait(); {
	case code == 0:
	case code == 128+int(syscall.SIGTERM) && s.count("msg=succession") > s.count(replaced)+s.count("msg=stays"):
		s.allGone()
	default:
		s.t.Errorf("the service ended with code %d, want 0", code)
	}
}

// ended reports whether the master has ended.
func (s *service) ended() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

// pidOf returns the pid of a generation, once it is live.
func (s *service) pidOf(generation int) int {
	s.t.Helper()
	word := fmt.Sprintf("generation=%d ", generation)
	var pid int
	s.until("pid of generation "+strconv.Itoa(generation), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, line := range s.log {
			if strings.Contains(line, word) {
				if _, after, ok := strings.Cut(line, " pid="); ok {
					pid, _ = strconv.Atoi(strings.Fields(after)[0])
					return true
				}
			}
		}
		return false
	})
	return pid
}

// eventually polls for what the kernel does not announce.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	if !within(bound, condition) {
		t.Fatalf("not within %v: %s", bound, what)
	}
}

// within polls for what the kernel does not announce, and reports whether it
// came about in time.
func within(limit time.Duration, condition func() bool) bool {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// testLogger is the Logger of all programs: every line, on standard error.
func testLogger() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// announce tells the test where the program listens.
func announce(s overseer.State) {
	fmt.Fprintf(os.Stderr, "program of generation %d pid %d listening on %s\n", s.Generation, os.Getpid(), s.Address)
}

// word returns the rest of the first line that holds a text.
func (s *service) word(text string) (rest string) {
	s.t.Helper()
	s.until("line with "+strconv.Quote(text), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, line := range s.log {
			if _, after, ok := strings.Cut(line, text); ok {
				rest = after
				return true
			}
		}
		return false
	})
	return rest
}
