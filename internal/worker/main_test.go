//go:build unix

package worker

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/socket"
	"golang.org/x/sys/unix"
)

// children are what the test binary does when a test starts it.
var children = map[string]func() error{}

const childVariable = "WORKER_TEST_CHILD"

func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		if err := children[name](); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// patience bounds what must happen, and glance what must not.
const (
	patience = 20 * time.Second
	glance   = 20 * time.Millisecond
)

// next waits for a value or the closing of a channel.
func next[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case v := <-c:
		return v
	case <-timer.C:
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

// silent fails if something comes from a channel within a glance.
func silent[T any](t testing.TB, c <-chan T, what string) {
	t.Helper()
	timer := time.NewTimer(glance)
	defer timer.Stop()
	select {
	case v := <-c:
		t.Fatalf("%s: %v", what, v)
	case <-timer.C:
	}
}

// bind makes a stream socket as the master has it.
func bind(t testing.TB, network string) stream {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = t.TempDir() + "/s"
	}
	l, err := net.Listen(network, address)
	must(t, err)
	t.Cleanup(func() { l.Close() })
	return l.(stream)
}

// share is a descriptor of the same socket, as it comes from the master.
func share(t testing.TB, s any) *os.File {
	t.Helper()
	raw, err := s.(interface {
		SyscallConn() (syscall.RawConn, error)
	}).SyscallConn()
	must(t, err)
	dup := -1
	must(t, raw.Control(func(fd uintptr) { dup, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) }))
	must(t, err)
	return os.NewFile(uintptr(dup), "shared")
}

// shared is the Listener of a generation on the master's socket.
func shared(t testing.TB, s stream, tl *tally, withheld <-chan struct{}) *Listener {
	t.Helper()
	inner, err := socket.FileListener(s.Addr().Network(), share(t, s))
	must(t, err)
	l := newListener(inner.(stream), 0, tl, func(int) {}, withheld)
	t.Cleanup(func() { l.Close() })
	return l
}

func dial(t testing.TB, s interface{ Addr() net.Addr }) net.Conn {
	t.Helper()
	c, err := net.DialTimeout(s.Addr().Network(), s.Addr().String(), patience)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	must(t, c.SetDeadline(time.Now().Add(patience)))
	return c
}

// A fakeMaster is the other side of a Worker.
type fakeMaster struct {
	t     testing.TB
	conn  *handover.Conn
	heard chan handover.Message // closed at the end of the conversation
	files chan *os.File         // that came with them
	quit  chan int              // codes that the worker wanted to end with
}

// connect makes a worker in this process, on sockets of the test's.
func connect(t testing.TB, timeout time.Duration, sockets ...any) (*Worker, *fakeMaster) {
	t.Helper()
	conn, end, err := handover.Pair()
	must(t, err)
	m := &fakeMaster{t: t, conn: conn, heard: make(chan handover.Message, 100), files: make(chan *os.File, 100), quit: make(chan int, 10)}
	t.Cleanup(func() { conn.Close() })
	go func() {
		defer close(m.heard)
		for {
			msg, files, err := conn.Receive()
			if err != nil {
				return
			}
			for _, f := range files {
				m.files <- f
			}
			m.heard <- msg
		}
	}()
	done := make(chan struct{})
	var w *Worker
	var failed error
	go func() {
		defer close(done)
		w, failed = Connect(handover.Inherited{Control: end}, nil, func(code int) { m.quit <- code })
	}()
	if hello, ok := m.hear("hello").(handover.Hello); !ok || hello.PID != os.Getpid() {
		t.Fatalf("the first message is %#v; want a hello", hello)
	}
	m.say(handover.Setup{Version: handover.MaxVersion, Generation: 3, ID: "id", Digest: "digest", BinPath: "/app", TerminateTimeout: timeout})
	for _, s := range sockets {
		f := share(t, s)
		network, address := "udp", ""
		if l, ok := s.(net.Listener); ok {
			network, address = l.Addr().Network(), l.Addr().String()
		}
		m.say(handover.Sockets{Sockets: []handover.Socket{{Network: network, Address: address}}}, f)
		f.Close()
	}
	m.say(handover.Begin{})
	next(t, done, "Connect")
	must(t, failed)
	return w, m
}

func (m *fakeMaster) say(msg handover.Message, files ...*os.File) {
	m.t.Helper()
	var fds []int
	for _, f := range files {
		fds = append(fds, int(f.Fd()))
	}
	must(m.t, m.conn.Send(msg, fds...))
}

func (m *fakeMaster) hear(what string) handover.Message {
	m.t.Helper()
	return next(m.t, m.heard, what)
}

// await waits for a message and passes over others.
func (m *fakeMaster) await(want handover.Message) {
	m.t.Helper()
	for {
		got := m.hear(fmt.Sprintf("%#v", want))
		if got == nil {
			m.t.Fatalf("the conversation ended; want %#v", want)
		}
		if got == want {
			return
		}
	}
}
