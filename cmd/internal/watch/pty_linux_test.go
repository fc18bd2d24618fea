package watch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"golang.org/x/sys/unix"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
	"github.com/seed-3d078585/overseer/admin/cli"
)

// The test binary is the command where this variable is set.
const asCommand = "OVERSEER_WATCH_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		e := cli.Standard("overseer")
		e.More = []cli.Command{Command}
		os.Exit(cli.Main(context.Background(), e, os.Args[1:]))
	}
	os.Exit(m.Run())
}

const patience = 60 * time.Second

// terminal makes a pseudo terminal: pts(4).
func terminal(t *testing.T, columns, rows uint16) (keyboard, screen *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this host has no pseudo terminals: %v", err)
	}
	t.Cleanup(func() { keyboard.Close() })
	raw, err := keyboard.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	number := 0
	raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
		if err == nil {
			err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows})
		}
	})
	if err != nil {
		t.Skipf("this host has no pseudo terminals: %v", err)
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this host has no pseudo terminals: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	return keyboard, screen
}

// A shown is the screen as a terminal draws it from what came so far.
type shown struct {
	mu      sync.Mutex
	screen  *vt.Emulator
	changed chan struct{}
}

func newShown(columns, rows int) *shown {
	return &shown{screen: vt.NewEmulator(columns, rows), changed: make(chan struct{}, 1)}
}

// read draws until the terminal is closed, and passes on what it answers to
// questions.
func (s *shown) read(keyboard *os.File) {
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		io.Copy(keyboard, s.screen)
	}()
	defer func() { // the end of what the screen answers is that of the copy
		s.screen.InputPipe().(io.Closer).Close()
		<-answered
	}()
	buf := make([]byte, 4096)
	for {
		n, err := keyboard.Read(buf)
		s.mu.Lock()
		s.screen.Write(buf[:n])
		s.mu.Unlock()
		select {
		case s.changed <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (s *shown) resize(columns, rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.screen.Resize(columns, rows)
}

func (s *shown) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.screen.String()
}

// await waits until a text is on the screen.
func (s *shown) await(t *testing.T, text string) {
	t.Helper()
	timeout := time.After(patience)
	for !strings.Contains(s.text(), text) {
		select {
		case <-s.changed:
		case <-timeout:
			t.Fatalf("%q is not shown within %v; there is\n%s", text, patience, s.text())
		}
	}
}

func serve(t *testing.T, socket string, m admin.Master) (end func()) {
	t.Helper()
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := admin.NewServer(m, admin.Options{})
	done := make(chan error, 1)
	go func() { done <- s.Serve(l, admin.Access{Peer: true}) }()
	var once sync.Once
	end = func() {
		once.Do(func() {
			s.Close(patience)
			if err := <-done; err != nil {
				t.Errorf("the server: %v", err)
			}
		})
	}
	t.Cleanup(end)
	return end
}

// A real terminal, a real socket: what is shown, an order with its question, a
// resize, a master that is replaced, and the end.
func TestInATerminal(t *testing.T) {
	dir, err := os.MkdirTemp("", "watch")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "admin.sock")
	m := admintest.New()
	m.Emit(admin.Event{Kind: admin.Started})
	end := serve(t, socket, m)

	keyboard, screen := terminal(t, 80, 24)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "watch", "--socket", socket)
	cmd.Env = append(os.Environ(), asCommand+"=1", "TERM=xterm-256color", "NO_COLOR=1", "LC_ALL=C.UTF-8", "GORACE=atexit_sleep_ms=0")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = screen, screen, screen
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := newShown(80, 24)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.read(keyboard)
	}()
	t.Cleanup(func() { // read ends when the last of the other side is closed
		cmd.Process.Kill()
		cmd.Wait()
		screen.Close()
		<-done
	})

	s.await(t, "app is serving")
	s.await(t, "started")
	press(t, keyboard, "r")
	s.await(t, "restart app, generation 1?")
	press(t, keyboard, "y")
	s.await(t, "restart is ordered")
	if o := m.Orders(); len(o) != 1 || o[0].Name != "Restart" || o[0].Order.Generation != 1 {
		t.Errorf("the orders are %+v", o)
	}
	press(t, keyboard, "?")
	s.await(t, "Each order is asked about")
	press(t, keyboard, "?")

	// The window grows: what is drawn reaches further down than before.
	raw, err := keyboard.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Col: 120, Row: 40})
	})
	if err != nil {
		t.Fatal(err)
	}
	s.resize(120, 40)
	for i := range 30 {
		m.Emit(admin.Event{Kind: admin.Gone, Generation: 100 + i})
	}
	s.await(t, "generation 129")
	s.await(t, "generation 102") // 24 lines have no room for both

	// Another master at the same socket.
	end()
	next := admintest.New()
	next.SetLast(m.Emit(admin.Event{Kind: admin.Succession}).ID)
	next.ChangeStatus(func(st *admin.Status) { st.Condition = admin.Restarting })
	serve(t, socket, next)
	s.await(t, "app is restarting")

	press(t, keyboard, "q")
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}

func press(t *testing.T, keyboard *os.File, key string) {
	t.Helper()
	if _, err := keyboard.WriteString(key); err != nil {
		t.Fatal(err)
	}
}

// What is no terminal is told what to use in its place.
func TestNeedsATerminal(t *testing.T) {
	var out, errs bytes.Buffer
	e := cli.Env{Program: "overseer", Stdout: &out, Stderr: &errs, More: []cli.Command{Command}}
	if code := cli.Main(t.Context(), e, []string{"watch"}); code != cli.ExitUsage || !strings.Contains(errs.String(), "events -f") {
		t.Errorf("code %d: %s", code, errs.String())
	}
}
