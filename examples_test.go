//go:build linux

package overseer_test

import (
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
)

// startExample builds a program of examples/ and starts it. It prints
// "generation N listening on ADDRESS".
func startExample(t *testing.T, name string, args ...string) *service {
	t.Helper()
	dir := t.TempDir()
	s := &service{
		t: t, Dir: dir, Binary: filepath.Join(dir, name),
		exited: make(chan struct{}), lines: make(chan struct{}, 1),
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", s.Binary, "./examples/"+name)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build examples/%s: %v\n%s", name, err, out)
	}
	s.cmd = exec.Command(s.Binary, args...)
	s.cmd.Env = os.Environ()
	s.start()
	return s
}

// listening waits for a generation of an example, and returns its address.
func (s *service) listening(generation int) string {
	s.t.Helper()
	return s.word(fmt.Sprintf("generation %d listening on ", generation))
}

// TestExampleEcho: a connection of the example lives through three restarts.
func TestExampleEcho(t *testing.T) {
	t.Parallel()
	s := startExample(t, "echo", "127.0.0.1:0")
	c := startCrowd(t, s.listening(1), 5)
	for generation := 2; generation <= 4; generation++ {
		s.Signal(syscall.SIGUSR2)
		s.listening(generation)
		c.await(fmt.Sprint(generation))
	}
	c.end()
	s.stop()
}

// TestExampleUDPKeepsSessions: a session goes on in the generation that began
// it, whichever reads its datagrams; new ones begin in the new generation; and
// no datagram is lost or answered twice. The clients repeat nothing.
func TestExampleUDPKeepsSessions(t *testing.T) {
	t.Parallel()
	s := startExample(t, "udp", "udp://127.0.0.1:0")
	address := s.listening(1)
	const clients, generations = 10, 3
	var all sync.WaitGroup
	begun := make(chan string, clients*generations)
	var ends [generations + 1]context.CancelFunc
	ctx := t.Context()
	for generation := 1; generation <= generations; generation++ {
		if generation > 1 {
			s.Signal(syscall.SIGUSR2)
			s.listening(generation)
			s.await(1, fmt.Sprintf("generation %d drains", generation-1)) // until then both read
		}
		ctx, ends[generation] = context.WithCancel(t.Context())
		for range clients {
			all.Go(func() {
				if err := talk(ctx, address, begun); err != nil {
					t.Error(err)
				}
			})
		}
		for range clients {
			select {
			case session := <-begun:
				if want := s.sessionsOf(generation); !strings.HasPrefix(session, want) {
					t.Errorf("session %s began, want one of generation %d, %s", session, generation, want)
				}
			case <-time.After(bound):
				t.Fatal("a session does not begin")
			}
		}
	}
	if n := s.count("ends"); n != 0 {
		t.Errorf("%d generations have ended, and all have sessions", n)
	}
	for generation := 1; generation < generations; generation++ {
		ends[generation]()
		s.await(1, fmt.Sprintf("generation %d ends", generation))
	}
	ends[generations]()
	all.Wait()
	s.stop()
}

// sessionsOf returns how the names of a generation's sessions begin.
func (s *service) sessionsOf(generation int) string {
	s.t.Helper()
	return s.word(fmt.Sprintf("generation %d has sessions ", generation))
}

// talk begins a session, says numbered words until ctx ends, and ends it. Each
// must be answered once, by the session that counts them.
func talk(ctx context.Context, address string, begun chan<- string) error {
	conn, err := net.Dial("udp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	ask := func(question string) (string, error) {
		conn.SetDeadline(time.Now().Add(bound))
		if _, err := io.WriteString(conn, question); err != nil {
			return "", err
		}
		buf := make([]byte, 2048)
		n, err := conn.Read(buf)
		return string(buf[:n]), err
	}
	welcome, err := ask("hello")
	if err != nil {
		return fmt.Errorf("hello: %w", err)
	}
	name := strings.TrimPrefix(welcome, "welcome ")
	begun <- name
	for n := 1; ctx.Err() == nil; n++ {
		want := fmt.Sprintf("%s %d word%d", name, n, n)
		if got, err := ask(fmt.Sprintf("%s word%d", name, n)); got != want {
			return fmt.Errorf("word %d of session %s is answered by %q, %v; want %q", n, name, got, err, want)
		}
	}
	if got, err := ask(name + " bye"); got != name+" bye" {
		return fmt.Errorf("bye of session %s is answered by %q, %v", name, got, err)
	}
	return nil
}
