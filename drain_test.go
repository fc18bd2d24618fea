//go:build unix

package overseer_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
)

// A program that returns on its own accord is not held up by its connections.
func TestProgramThatReturnsOnItsOwnAccordExitsAtOnce(t *testing.T) {
	t.Parallel()
	s := startService(t, keptNever)
	s.live(1)
	held := holdRequest(t, s)
	began := time.Now()
	order(s, "/return")
	if code := s.wait(); code != 0 {
		t.Errorf("the master ended with code %d, want 0", code)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v, half of TerminateTimeout or more", took)
	}
	if err := held.cut(); err != nil {
		t.Error(err)
	}
}

// Generations drain beside each other, as many as it takes; each serves what it
// has accepted.
func TestManyGenerationsDrainAtOnce(t *testing.T) {
	t.Parallel()
	const generations = 8
	s := startService(t, restartsByOrder, env("TEST_TERMINATE_TIMEOUT", never))
	var held [generations][]*heldRequest
	s.live(1)
	for g := range generations {
		for range 10 {
			held[g] = append(held[g], holdRequest(t, s))
		}
		s.Signal(syscall.SIGUSR2)
		s.drains(g + 1)
	}
	if n := s.count("msg=gone"); n != 0 {
		t.Errorf("%d generations are gone, want all %d draining", n, generations)
	}
	if got := status(t, s); got.Generation != generations+1 {
		t.Errorf("status is %+v, want generation %d", got, generations+1)
	}
	for g := range held {
		for _, h := range held[g] {
			if got, want := h.finish(), fmt.Sprintf("version 1 generation %d", g+1); got != want {
				t.Errorf("a held request was answered by %q, want %q", got, want)
			}
		}
	}
	s.await(generations, "msg=gone")
	s.stop()
}

// upgraded is a service whose /ws takes its connection over and echoes lines, as
// a WebSocket does: no server knows of it any more.
var upgraded = register("upgraded", func() {
	c := webConfig()
	c.Program = func(s overseer.State) {
		mux := orders(s, func() {}).(*http.ServeMux)
		mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
			conn, buf, err := w.(http.Hijacker).Hijack()
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			defer conn.Close()
			io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
			for {
				line, err := buf.ReadString('\n')
				if err != nil {
					fmt.Fprintln(os.Stderr, "echo ends:", err)
					return
				}
				fmt.Fprintf(conn, "generation %d: %s", s.Generation, line)
			}
		})
		announce(s)
		if err := s.Serve(&http.Server{Handler: mux}); err != nil {
			fmt.Fprintln(os.Stderr, "serve:", err)
			os.Exit(3)
		}
	}
	overseer.Run(c)
})

// A connection that was taken over from its server lives on in a drain until its
// client ends it, or TerminateTimeout does.
func TestHijackedConnectionLivesUntilTerminateTimeout(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, s *service) (net.Conn, *bufio.Reader) {
		conn, err := net.Dial("tcp", s.Address())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(bound))
		io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: test\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
		r := bufio.NewReader(conn)
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("GET /ws: %v, %v", resp, err)
		}
		return conn, r
	}
	echo := func(t *testing.T, conn net.Conn, r *bufio.Reader) {
		t.Helper()
		io.WriteString(conn, "hello\n")
		if line, err := r.ReadString('\n'); line != "generation 1: hello\n" {
			t.Errorf("the echo is %q, %v", line, err)
		}
	}
	t.Run("ended by its client", func(t *testing.T) {
		t.Parallel()
		s := startService(t, upgraded)
		s.live(1)
		conn, r := open(t, s)
		s.Signal(syscall.SIGUSR2)
		s.live(2)
		echo(t, conn, r)
		if n := s.count("msg=gone"); n != 0 {
			t.Error("the old generation is gone before its connection is")
		}
		conn.Close()
		s.await(1, "msg=gone", "generation=1")
		s.stop()
	})
	t.Run("ended by TerminateTimeout", func(t *testing.T) {
		t.Parallel()
		s := startService(t, upgraded, env("TEST_TERMINATE_TIMEOUT", "10s")) // of which a second is left to end in
		s.live(1)
		conn, r := open(t, s)
		began := time.Now()
		s.Signal(syscall.SIGUSR2)
		s.live(2)
		echo(t, conn, r)
		if _, err := r.ReadString('\n'); err == nil {
			t.Error("a line came out of nothing")
		}
		if took := time.Since(began); took < 7*time.Second {
			t.Errorf("the connection was closed after %v of 10 s", took)
		}
		s.await(1, "msg=gone", "generation=1", "exited with code 0")
		if n := s.count("msg=killed"); n != 0 {
			t.Error("the process had to be killed: it was to end by itself once its connections were closed")
		}
		s.stop()
	})
}
