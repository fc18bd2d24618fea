//go:build linux

package overseer_test

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// A serviceManager is the other end of NOTIFY_SOCKET: what it hears is in Log.
type serviceManager struct {
	*service // its lines, and the exit of the real service
	path     string
	stored   chan int // descriptors, in the order of their lines
}

// notified starts a service under a service manager that only listens.
func notified(t *testing.T, options ...option) (*service, *serviceManager) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	usedPrograms.Store(unitProgram, true)
	s := startService(t, unitProgram, append([]option{env("NOTIFY_SOCKET", path), env("TEST_ADDRESSES", "127.0.0.1:0"), env("TEST_PROBATION", "100ms")}, options...)...)
	m := &serviceManager{service: &service{t: t, lines: make(chan struct{}, 1), exited: s.exited}, path: path, stored: make(chan int, 16)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf, oob := make([]byte, 4<<10), make([]byte, 64)
		for {
			n, oobn, _, _, err := conn.ReadMsgUnix(buf, oob)
			if err != nil {
				return
			}
			messages, _ := unix.ParseSocketControlMessage(oob[:oobn]) // none: none
			for _, message := range messages {
				fds, _ := unix.ParseUnixRights(&message)
				for _, fd := range fds {
					if strings.HasPrefix(string(buf[:n]), "FDSTORE=1") {
						m.stored <- fd
					} else {
						unix.Close(fd)
					}
				}
			}
			m.line(strings.ReplaceAll(string(buf[:n]), "\n", " "))
		}
	}()
	t.Cleanup(func() {
		conn.Close()
		<-done
		for len(m.stored) > 0 {
			unix.Close(<-m.stored)
		}
		if t.Failed() {
			t.Logf("the service manager heard:\n%s", m.Log())
		}
	})
	return s, m
}

// TestServiceManagerHearsOfEachChange follows a service through a restart, a
// release that fails, one that is good, and the stop.
func TestServiceManagerHearsOfEachChange(t *testing.T) {
	t.Parallel()
	s, m := notified(t, env("WATCHDOG_USEC", "1000000"))
	m.await(1, "READY=1")
	s.await(1, "program begins generation=1", `notify="" listen=""`)
	m.await(2, "WATCHDOG=1")
	m.await(1, "STATUS=generation 1 (release ", "is live, 0 connections open, 0 accepted")
	reloads := 0
	for what, change := range map[string]func(){
		"a restart":            func() { s.restart() },
		"a release that fails": func() { publish(t, s.Next, plan{Version: "bad", Fault: "exit at start"}); s.await(1, "msg=failed") },
		"a good release":       func() { publish(t, s.Next, plan{Version: "2"}); s.await(1, "msg=committed") },
	} {
		change()
		reloads++
		m.until("READY=1 after "+what, func() bool {
			return m.count("RELOADING=1 MONOTONIC_USEC=", "EXTEND_TIMEOUT_USEC=") == reloads && m.count("READY=1") == reloads+1
		})
	}
	s.stop()
	m.await(1, "STOPPING=1 EXTEND_TIMEOUT_USEC=")
	m.await(1, "BARRIER=1") // all that was said has been read
	if m.count("READY=1") != reloads+1 {
		t.Errorf("READY=1 was said %d times, want %d", m.count("READY=1"), reloads+1)
	}
}

// TestSocketsAreStored gives the sockets to the service manager, and the master
// leaves the path of one that is kept.
func TestSocketsAreStored(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.sock")
	s, m := notified(t, env("FDSTORE", "4"), env("TEST_ADDRESSES", "127.0.0.1:0 unix://"+path))
	m.await(1, "READY=1")
	if got := m.count("FDSTORE=1 FDPOLL=0 FDNAME=overseer?address="); got != 2 {
		t.Errorf("%d sockets were stored, want 2", got)
	}
	s.stop()
	fd := <-m.stored
	name, err := unix.Getsockname(fd)
	unix.Close(fd)
	if tcp, ok := name.(*unix.SockaddrInet4); err != nil || !ok || fmt.Sprintf("127.0.0.1:%d", tcp.Port) != s.Address() {
		t.Errorf("the first stored socket is bound to %+v (%v), want %s", name, err, s.Address())
	}
	conn, err := net.Dial("unix", path) // the copy of the manager listens still
	if err != nil {
		t.Fatalf("after the stop: %v, want a socket that waits for the next start", err)
	}
	conn.Close()
}

// TestServiceManagerHearsOfAFailure starts a service that cannot start.
func TestServiceManagerHearsOfAFailure(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s, m := notified(t, env("TEST_ADDRESSES", taken.Addr().String()))
	if code := s.wait(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	eventually(t, "the service manager has heard of it", func() bool {
		return m.count("STATUS=listen on ", taken.Addr().String(), fmt.Sprintf("ERRNO=%d", int(unix.EADDRINUSE))) == 1
	})
}
