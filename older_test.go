//go:build unix

package overseer_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/loadtest"
)

// olderMaster stands in for a running master of the older library: it speaks
// the protocol that worker.Older describes, and nothing of ours. What it runs
// is the program TEST_OLDER_RUNS of its own binary. If something lies at
// TEST_NEXT when a restart is asked for, it is checked and installed first, as
// that library does.
var olderMaster = register("older master", func() {
	binary, err := os.Executable()
	if err != nil {
		panic(err)
	}
	m := &standIn{binary: binary, signals: make(chan os.Signal, 64), exited: make(chan *exec.Cmd)}
	signal.Notify(m.signals, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGTERM)
	n, _ := strconv.Atoi(os.Getenv("TEST_OLDER_SOCKETS"))
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			panic(err)
		}
		l.Close()
		m.sockets = append(m.sockets, f)
	}
	m.start()
	for {
		m.turn()
	}
})

type standIn struct {
	binary  string
	sockets []*os.File
	signals chan os.Signal
	exited  chan *exec.Cmd
	number  int
	worker  *exec.Cmd
	awaits  bool // SIGUSR1, or the worker's end
}

func (m *standIn) start() {
	m.number++
	cmd := exec.Command(m.binary)
	cmd.Env = append(os.Environ(),
		programVariable+"="+os.Getenv("TEST_OLDER_RUNS"),
		"OVERSEER_IS_SLAVE=1",
		"OVERSEER_SLAVE_ID="+strconv.Itoa(m.number),
		"OVERSEER_NUM_FDS="+strconv.Itoa(len(m.sockets)),
		"OVERSEER_BIN_ID=0123456789abcdef",
		"OVERSEER_BIN_PATH="+m.binary,
	)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = os.Stdout, os.Stderr, m.sockets
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	m.worker, m.awaits = cmd, false
	fmt.Fprintf(os.Stderr, "older master: started %d\n", m.number)
	go func() {
		cmd.Wait()
		m.exited <- cmd
	}()
}

func (m *standIn) turn() {
	select {
	case cmd := <-m.exited:
		code := cmd.ProcessState.ExitCode()
		fmt.Fprintf(os.Stderr, "older master: a worker has exited with code %d\n", code)
		switch {
		case cmd != m.worker:
		case m.awaits:
			m.start()
		default:
			os.Exit(code)
		}
	case s := <-m.signals:
		switch {
		case s == syscall.SIGUSR2 && !m.awaits:
			m.fetch()
			m.awaits = true
			m.worker.Process.Signal(s)
			fmt.Fprintln(os.Stderr, "older master: asked for a restart")
		case s == syscall.SIGUSR1 && m.awaits:
			fmt.Fprintln(os.Stderr, "older master: the sockets are released")
			m.start()
		default:
			m.worker.Process.Signal(s)
		}
	}
}

// fetch checks and installs the next release.
func (m *standIn) fetch() {
	next := os.Getenv("TEST_NEXT")
	if _, err := os.Stat(next); err != nil {
		return
	}
	const token = "fedcba9876543210"
	cmd := exec.Command(next)
	cmd.Env = append(os.Environ(), programVariable+"="+os.Getenv("TEST_OLDER_RUNS"), "OVERSEER_BIN_CHECK="+token)
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != token {
		fmt.Fprintf(os.Stderr, "older master: check failed: %q, %v\n", out, err)
		os.Exit(5)
	}
	if err := os.Rename(next, m.binary); err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stderr, "older master: the check was passed")
}

// startOlder starts a program under the stand-in, with one socket.
func startOlder(t *testing.T, program string, options ...option) *service {
	t.Helper()
	usedPrograms.Store(program, true)
	return startService(t, olderMaster, append([]option{env("TEST_OLDER_RUNS", program), env("TEST_OLDER_SOCKETS", "1")}, options...)...)
}

// olderRestart restarts such a service and waits for the end of the old worker.
func (s *service) olderRestart() {
	s.t.Helper()
	s.Address()
	gone, released := s.count("a worker has exited"), s.count("the sockets are released")
	serving := s.count("program of generation 0")
	s.Signal(syscall.SIGUSR2)
	s.await(gone+1, "a worker has exited")
	s.await(serving+1, "program of generation 0")
	if got := s.count("the sockets are released"); got != released+1 {
		s.t.Errorf("the sockets were released %d times in one restart", got-released)
	}
}

// A binary built with this library goes on serving under a running master of the
// older one, through its restarts.
func TestOlderMasterRestartsLoseNoRequest(t *testing.T) {
	t.Parallel()
	restarts := 15
	if testing.Short() {
		restarts = 5
	}
	for name, mode := range map[string]loadtest.Mode{
		"kept-alive connections":   loadtest.KeepAlive,
		"a connection per request": loadtest.NewConnection,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startOlder(t, web)
			load := startLoad(t, s, mode, 16)
			for range restarts {
				s.olderRestart()
			}
			report := noLoss(t, load)
			if got, bad := s.count("a worker has exited"), restarts-s.count("a worker has exited with code 0"); got != restarts || bad != 0 {
				t.Errorf("%d workers have ended, %d not with code 0; want %d and none", got, bad, restarts)
			}
			if got := s.count("level=WARN", "older library", "restart the service once"); got != restarts+1 {
				t.Errorf("%d workers told how to finish the move, want each of %d", got, restarts+1)
			}
			s.stop()
			t.Logf("%d restarts:\n%s", restarts, report)
		})
	}
}

// The whole way: a running master of the older library checks a release built
// with this one, installs it and runs it.
func TestOlderMasterUpgradesToThisLibrary(t *testing.T) {
	t.Parallel()
	s := startOlder(t, web)
	load := startLoad(t, s, loadtest.NewConnection, 4)
	for _, version := range []string{"2", "3"} {
		publish(t, s.Next, plan{Version: version})
		s.olderRestart()
		if got := answers(t, s); got != version {
			t.Errorf("version %s answers, want %s", got, version)
		}
	}
	if got := s.count("the check was passed"); got != 2 {
		t.Errorf("%d releases passed the check, want 2", got)
	}
	noLoss(t, load)
	s.stop()
}

// A stop that the older master passes on drains.
func TestOlderMasterStopDrains(t *testing.T) {
	t.Parallel()
	s := startOlder(t, faulty)
	inFlight := hold(t, s)
	s.Signal(syscall.SIGTERM)
	s.await(1, "program drains")
	inFlight.end("1")
	if code := s.wait(); code != 0 {
		t.Errorf("the service ended with code %d, want 0", code)
	}
	s.allGone()
}

// A drain ends within TerminateTimeout, whoever holds it up.
func TestOlderMasterDrainIsBounded(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"restart": syscall.SIGUSR2, "stop": syscall.SIGTERM, "death of the master": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startOlder(t, faulty, env("TEST_TERMINATE_TIMEOUT", "1s"))
			inFlight := hold(t, s)
			s.Signal(sig)
			inFlight.isCut()
			if sig == syscall.SIGUSR2 {
				s.await(1, "a worker has exited")
				s.Signal(syscall.SIGTERM)
			}
			s.wait()
			s.allGone()
		})
	}
}

// A worker whose older master was killed answers what it has, lets go of the
// address and ends.
func TestOlderMasterKilled(t *testing.T) {
	t.Parallel()
	s := startOlder(t, faulty)
	inFlight, address := hold(t, s), s.Address()
	s.Signal(syscall.SIGKILL)
	if code := s.wait(); code != 137 {
		t.Errorf("the stand-in ended with code %d", code)
	}
	eventually(t, "the address is free while the request is in flight", func() bool {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return false
		}
		return l.Close() == nil
	})
	inFlight.end("1")
	s.allGone()
}

// olderLate takes its time before it calls Run: until somebody writes to the
// fifo TEST_GATE.
var olderLate = register("older late", func() {
	fmt.Fprintln(os.Stderr, "main begins")
	if f, err := os.Open(os.Getenv("TEST_GATE")); err == nil {
		f.Close()
	}
	c := webConfig()
	c.Program = serveWeb
	overseer.Run(c)
})

// A restart that is asked for while main still works up to Run is not lost. In
// the older library the worker was killed for not listening.
func TestOlderMasterRestartBeforeRun(t *testing.T) {
	t.Parallel()
	gate := filepath.Join(t.TempDir(), "gate")
	if err := syscall.Mkfifo(gate, 0o600); err != nil {
		t.Fatal(err)
	}
	s := startOlder(t, olderLate, env("TEST_GATE", gate))
	// A process that this one starts at that moment has the gate open, too, until
	// its exec: the next worker may pass by that.
	openGate := func(workers int) {
		eventually(t, "somebody waits at the gate", func() bool {
			f, err := os.OpenFile(gate, os.O_WRONLY|syscall.O_NONBLOCK, 0) // fails while nobody reads
			return err == nil && f.Close() == nil || s.count("program of generation 0") >= workers
		})
	}
	s.await(1, "main begins")
	s.Signal(syscall.SIGUSR2)
	s.await(1, "asked for a restart")
	openGate(1)
	s.await(1, "the sockets are released")
	s.await(2, "main begins")
	openGate(2)
	s.await(1, "a worker has exited with code 0")
	s.until("second worker", func() bool { return s.count("program of generation 0") >= 1 })
	if got := answers(t, s); got != "1" {
		t.Errorf("version %q answers, want 1", got)
	}
	s.stop()
}

// olderAsks tells what the State holds, and restarts itself once.
var olderAsks = register("older asks", func() {
	c := webConfig()
	var once sync.Once
	c.Program = func(s overseer.State) {
		once.Do(func() {
			s.Ready()
			id, digest := s.ID, s.Digest
			_, err := s.Status(s.Context())
			fmt.Fprintf(os.Stderr, "enabled=%t id=%s digest=%d binary=%s disabled=%t: %v\n",
				s.Enabled, id, len(digest), s.BinPath, errors.Is(err, overseer.ErrDisabled), err)
		})
		serveWeb(s)
	}
	go func() {
		restarts := make(chan os.Signal, 1)
		signal.Notify(restarts, syscall.SIGHUP)
		<-restarts
		overseer.Restart()
	}()
	overseer.Run(c)
})

func TestOlderMasterState(t *testing.T) {
	t.Parallel()
	s := startOlder(t, olderAsks)
	s.Address()
	s.await(1, "enabled=true id=0123456789abcdef digest=64 binary="+s.Binary+" disabled=false", "older library", "restart the service once")
	for _, pid := range session(s.PID) {
		if pid != s.PID {
			syscall.Kill(pid, syscall.SIGHUP)
		}
	}
	s.await(2, "program of generation 0")
	s.await(1, "a worker has exited with code 0")
	s.stop()
}

// olderAddresses has addresses that a master of the older library may not have.
var olderAddresses = register("older addresses", func() {
	c := webConfig()
	c.Required = false
	c.Address, c.Addresses = "", []string{"127.0.0.1:0", os.Getenv("TEST_ADDRESS")}
	c.Program = serveWeb
	overseer.Run(c)
})

func TestOlderMasterLacksAnAddress(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		address, sockets string
		says             string
	}{
		"one more":     {"127.0.0.1:0", "1", "2 addresses, the master of the older library 1 sockets"},
		"datagrams":    {"udp://127.0.0.1:0", "2", "TCP sockets only"},
		"a unix path":  {"unix:///tmp/none.sock", "2", "TCP sockets only"},
		"another port": {"127.0.0.1:1", "2", "in its place"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startOlder(t, olderAddresses, env("TEST_ADDRESS", row.address), env("TEST_OLDER_SOCKETS", row.sockets))
			if code := s.wait(); code != 1 {
				t.Errorf("the service ended with code %d, want 1", code)
			}
			s.allGone()
			eventually(t, "the reason is told: "+row.says, func() bool { return s.count(row.says, "restart the service") == 1 })
			if s.count("program of generation") != 0 {
				t.Error("the program was run, want it refused")
			}
		})
	}
}

// What the older library's variables say is not believed where they were handed
// on by accident: that library leaves them to whatever its programs start.
func TestOlderVariablesThatAreStray(t *testing.T) {
	t.Parallel()
	for name, stray := range map[string][]option{
		"no sockets there": {env("OVERSEER_NUM_FDS", "1")},
		"another binary":   {env("OVERSEER_NUM_FDS", "0"), env("OVERSEER_BIN_PATH", "/bin/sh")},
		"no number":        {env("OVERSEER_NUM_FDS", "many")},
		"beyond bounds":    {env("OVERSEER_NUM_FDS", "1000000000")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, web, append(stray, env("OVERSEER_IS_SLAVE", "1"))...)
			s.live(1)
			s.restart()
			s.stop()
		})
	}
}
