//go:build linux

package overseer_test

import (
	"net"
	"os"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer"
)

// disabledUnit is a program whose configuration makes no sense: it runs without
// a master, with what a service manager has left.
var disabledUnit = register("disabled unit", func() {
	c := webConfig()
	c.Required = false
	c.Address, c.Addresses = "", strings.Fields(os.Getenv("TEST_ADDRESSES"))
	c.Sequential, c.Overlap = true, true
	c.Program = serveWeb
	overseer.Run(c)
})

// leftListener starts a service as a service manager does that leaves it a listener.
func leftListener(t *testing.T, name string, l *net.TCPListener) option {
	t.Helper()
	f, err := l.File()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return func(s *service) {
		s.cmd.Path = "/bin/sh" // which becomes the service: LISTEN_PID is its pid
		s.cmd.Args = []string{"sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES="$1" exec "$0"`, s.Binary, name}
		s.cmd.ExtraFiles = []*os.File{f}
	}
}

// TestInheritedSocket has a socket made by another process, with a master and
// without one.
func TestInheritedSocket(t *testing.T) {
	t.Parallel()
	for program, what := range map[string]string{unitProgram: "supervised", disabledUnit: "disabled"} {
		for _, form := range []string{"by name", "by address"} {
			t.Run(what+" "+form, func(t *testing.T) {
				t.Parallel()
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				address := "systemd:web"
				if form == "by address" {
					address = l.Addr().String()
				}
				s := startService(t, program, env("TEST_ADDRESSES", address), leftListener(t, "web", l.(*net.TCPListener)))
				if got := s.Address(); got != l.Addr().String() {
					t.Errorf("the program listens on %q, want %q", got, l.Addr())
				}
				if got := request(t, "tcp", l.Addr().String()); got != "version 1\n" {
					t.Errorf("answer %q, want version 1", got)
				}
				if program == unitProgram {
					s.live(1)
					s.restart()
					s.stop()
				}
			})
		}
	}
}
