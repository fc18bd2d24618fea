//go:build linux

package overseer_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer"
)

// A connection from State.Listener is the kernel's own: promise 6.

// holder accepts connections on its first address and keeps them; on its second
// it tells how many there are, and how many goroutines.
var holder = register("holder", func() {
	overseer.Run(overseer.Config{
		Required:  true,
		Addresses: []string{"127.0.0.1:0", "127.0.0.1:0"},
		Logger:    testLogger(),
		Program: func(s overseer.State) {
			accepted := make(chan net.Conn)
			go func() {
				for {
					conn, err := s.Listeners[0].Accept()
					if err != nil {
						return
					}
					accepted <- conn
				}
			}()
			asked := make(chan net.Conn)
			go func() {
				for {
					conn, err := s.Listeners[1].Accept()
					if err != nil {
						return
					}
					asked <- conn
				}
			}()
			fmt.Fprintln(os.Stderr, "asks at", s.Addresses[1])
			announce(s)
			var held []net.Conn
			for {
				select {
				case conn := <-accepted:
					held = append(held, conn)
				case conn := <-asked:
					fmt.Fprintf(conn, "%d %d\n", len(held), runtime.NumGoroutine())
					conn.Close()
				case <-s.GracefulShutdown:
					return
				}
			}
		},
	})
})

func TestConnectionTakesNoGoroutine(t *testing.T) {
	t.Parallel()
	const connections = 500
	s := startService(t, holder, env("TEST_TERMINATE_TIMEOUT", "1s"))
	s.live(1)
	address := s.Address()
	ask := func() (held, goroutines int) {
		conn, err := net.Dial("tcp", s.word("asks at "))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := fmt.Fscan(conn, &held, &goroutines); err != nil {
			t.Fatal(err)
		}
		return held, goroutines
	}
	_, before := ask()
	for range connections {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	var after int
	eventually(t, "all connections are accepted", func() bool {
		held, n := ask()
		after = n
		return held == connections
	})
	if after > before {
		t.Errorf("%d goroutines with %d connections, %d with none: want no more", after, connections, before)
	}
}

// mover moves bytes: GET /file serves a file, and the second address is a proxy
// of the first.
var mover = register("mover", func() {
	overseer.Run(overseer.Config{
		Required:  true,
		Addresses: []string{"127.0.0.1:0", "127.0.0.1:0"},
		Logger:    testLogger(),
		Program: func(s overseer.State) {
			front, back := s.Listeners[0], s.Addresses[1]
			s.Listeners = s.Listeners[1:]
			go proxy(front, back)
			announce(s)
			http.Serve(s.Listeners[0], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.ServeFile(w, r, os.Getenv("TEST_FILE"))
			}))
		},
	})
})

func proxy(front net.Listener, back string) {
	for {
		client, err := front.Accept()
		if err != nil {
			return
		}
		go func() {
			defer client.Close()
			server, err := net.Dial("tcp", back)
			if err != nil {
				return
			}
			defer server.Close()
			go func() {
				io.Copy(server, client)
				server.(*net.TCPConn).CloseWrite()
			}()
			io.Copy(client, server)
		}()
	}
}

// TestConnectionKeepsSendfileAndSplice counts system calls. A connection that
// hides its type costs a copy through the program for each 32 KB.
func TestConnectionKeepsSendfileAndSplice(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed: system calls cannot be counted")
	}
	const size = 64 << 20
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, make([]byte, size), 0o644); err != nil {
		t.Fatal(err)
	}
	s := startService(t, mover, env("TEST_FILE", file))
	s.live(1)
	calls := traced(t, s.pidOf(1), func() {
		resp, err := http.Get("http://" + s.Address() + "/file")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if n, err := io.Copy(io.Discard, resp.Body); n != size || err != nil {
			t.Fatalf("%d bytes came (%v), want %d", n, err, size)
		}
	})
	if calls["sendfile"] == 0 {
		t.Errorf("no sendfile(2): %v", calls)
	}
	if calls["splice"] == 0 {
		t.Errorf("no splice(2): %v", calls)
	}
	if calls["write"] > size/(32<<10)/4 {
		t.Errorf("%d writes for %d MB, want few: %v", calls["write"], size>>20, calls)
	}
	t.Logf("system calls: %v", calls)
}

// traced counts the system calls of a process while f runs.
func traced(t *testing.T, pid int, f func()) map[string]int {
	t.Helper()
	out := filepath.Join(t.TempDir(), "calls")
	cmd := exec.Command("strace", "-f", "-e", "trace=sendfile,splice,write,sendto", "-s", "0", "-o", out, "-p", strconv.Itoa(pid))
	says, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill() // after a failure only: it has ended
		cmd.Wait()
	}()
	lines := bufio.NewScanner(says)
	if !lines.Scan() || !strings.Contains(lines.Text(), "attached") {
		t.Skipf("strace cannot attach to a process here: %s", lines.Text())
	}
	f()
	cmd.Process.Signal(os.Interrupt)
	io.Copy(io.Discard, says)
	cmd.Wait()
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]int{}
	for line := range strings.Lines(string(text)) {
		for _, name := range []string{"sendfile", "splice", "write", "sendto"} {
			if strings.Contains(line, " "+name+"(") {
				calls[name]++
			}
		}
	}
	return calls
}
