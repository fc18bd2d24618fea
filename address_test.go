//go:build linux

package overseer_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
)

// addressed listens where TEST_ADDRESSES says. Each of its sockets answers with
// the generation and the version.
var addressed = register("addressed", func() {
	c := webConfig()
	c.Required = os.Getenv("TEST_NOT_REQUIRED") == ""
	c.Probe, c.Address = nil, ""
	c.Addresses = strings.Fields(os.Getenv("TEST_ADDRESSES"))
	c.Program = serveAddressed
	overseer.Run(c)
})

func serveAddressed(s overseer.State) {
	p := readPlan()
	answer := fmt.Sprintf("generation %d version %s", s.Generation, p.Version)
	var all sync.WaitGroup
	for i, l := range s.Listeners {
		if i > 0 && p.Fault == "accepts on the first only" {
			break
		}
		all.Go(func() {
			err := http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, answer)
			}))
			fmt.Fprintln(os.Stderr, "serve:", err)
		})
	}
	for _, conn := range s.PacketConns {
		all.Go(func() { echo(conn, answer) })
	}
	text, _ := json.Marshal(s.Addresses)
	fmt.Fprintf(os.Stderr, "generation %d has addresses %s\n", s.Generation, text)
	announce(s)
	all.Wait()
	if p.Fault == "accepts on the first only" {
		<-s.GracefulShutdown
	}
}

// echo answers each datagram with itself, behind an answer.
func echo(conn net.PacketConn, answer string) {
	buf := make([]byte, 64<<10)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		conn.WriteTo([]byte(answer+": "+string(buf[:n])), from)
	}
}

// addresses returns what a generation says it listens on.
func (s *service) addresses(generation int) (list []string) {
	s.t.Helper()
	text := s.word(fmt.Sprintf("generation %d has addresses ", generation))
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		s.t.Fatal(err)
	}
	return list
}

// request makes one HTTP request on a connection of its own and returns the
// body.
func request(t *testing.T, network, address string) string {
	t.Helper()
	body, err := tryRequest(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func tryRequest(network, address string) (string, error) {
	return tryPath(network, address, "/")
}

// tryGet is one request to a path over TCP.
func tryGet(address, path string) (string, error) { return tryPath("tcp", address, path) }

func tryPath(network, address, path string) (string, error) {
	conn, err := net.DialTimeout(network, address, 10*time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(bound))
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.0\r\n\r\n"); err != nil {
		return "", err
	}
	text, err := io.ReadAll(conn)
	if err != nil {
		return "", err
	}
	head, body, ok := strings.Cut(string(text), "\r\n\r\n")
	if !ok || !strings.Contains(head, " 200 ") {
		return "", fmt.Errorf("request to %s: answer %q", address, text)
	}
	return body, nil
}

// dialable turns an address of State.Addresses into what net.Dial takes.
func dialable(address string) (network, target string) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return "tcp", address
	}
	rest, _, _ = strings.Cut(rest, "?")
	return scheme, rest
}

// TestEachFormOfAddressServes starts, restarts and upgrades on each.
func TestEachFormOfAddressServes(t *testing.T) {
	t.Parallel()
	short := t.TempDir() // a unix path has 107 bytes at most
	for _, c := range []struct {
		name, address string
		host          string // what the real address begins with
	}{
		{"port 0", ":0", "[::]:"},
		{"port 0 of a host", "127.0.0.1:0", "127.0.0.1:"},
		{"a name", "localhost:0", "127.0.0.1:"},
		{"tcp", "tcp://127.0.0.1:0", "tcp://127.0.0.1:"},
		{"tcp4", "tcp4://:0", "tcp4://0.0.0.0:"},
		{"tcp6", "tcp6://[::1]:0", "tcp6://[::1]:"},
		{"unix", "unix://" + filepath.Join(short, "a.sock"), "unix://"},
		{"unix with mode", "unix://" + filepath.Join(short, "b.sock") + "?mode=0620", "unix://"},
		{"abstract unix", fmt.Sprintf("unix://@overseer-test-%d", os.Getpid()), "unix://@"},
		{"udp", "udp://127.0.0.1:0", "udp://127.0.0.1:"},
		{"udp6", "udp6://[::1]:0", "udp6://[::1]:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(c.address, "::1") && bindOnce("tcp", "[::1]:0") != nil {
				t.Skip("this host has no IPv6")
			}
			s := startService(t, addressed, env("TEST_ADDRESSES", c.address))
			s.live(1)
			address := s.addresses(1)[0]
			if !strings.HasPrefix(address, c.host) && !(c.name == "a name" && strings.HasPrefix(address, "[::1]:")) && !(c.address == ":0" && strings.HasPrefix(address, "0.0.0.0:")) {
				t.Errorf("State.Addresses has %q, want %q and the port", address, c.host)
			}
			if strings.HasSuffix(address, ":0") {
				t.Errorf("State.Addresses has %q, want the real port", address)
			}
			network, target := dialable(address)
			answers := func(want string) {
				t.Helper()
				if got := answerFrom(t, network, target); !strings.HasPrefix(got, want) {
					t.Errorf("answer %q, want %q", got, want)
				}
			}
			answers("generation 1 version 1")
			s.restart()
			answers("generation 2 version 1")
			publish(t, s.Next, plan{Version: "2"})
			s.await(1, "msg=committed")
			s.await(1, "msg=gone", "generation=2 ") // until then it may accept too
			answers("generation 3 version 2")
			if got := s.addresses(3)[0]; got != address {
				t.Errorf("generation 3 has address %q, want %q", got, address)
			}
			s.stop()
		})
	}
}

// answerFrom sends one request or one datagram.
func answerFrom(t *testing.T, network, target string) string {
	t.Helper()
	if !strings.HasPrefix(network, "udp") {
		return request(t, network, target)
	}
	conn, err := net.Dial(network, target)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(bound))
	io.WriteString(conn, "?")
	buf := make([]byte, 1<<10)
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

// TestUnixSocketBelongsToTheMaster follows the file of a socket through all that
// happens to a service.
func TestUnixSocketBelongsToTheMaster(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.sock")
	where := env("TEST_ADDRESSES", "unix://"+path+"?mode=0620")
	s := startService(t, addressed, where)
	s.live(1)
	node := func() uint64 {
		t.Helper()
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != os.ModeSocket|0o620 {
			t.Errorf("mode of the socket is %v, want %v", info.Mode(), os.ModeSocket|0o620)
		}
		return info.Sys().(*syscall.Stat_t).Ino
	}
	first := node()
	s.restart()
	publish(t, s.Next, plan{Version: "2"})
	s.await(1, "msg=committed")
	s.await(1, "msg=gone", "generation=2 ") // until then it may accept too
	if again := node(); again != first {
		t.Errorf("the socket was made anew (inode %d, then %d)", first, again)
	}

	// A second service on the same path is refused, and harms nothing.
	other := startService(t, addressed, where)
	if code := other.wait(); code != 1 {
		t.Errorf("a second service on a live socket ended with code %d, want 1", code)
	}
	if got := request(t, "unix", path); got != "generation 3 version 2" {
		t.Errorf("answer %q after that, want %q", got, "generation 3 version 2")
	}

	// What a killed master leaves behind is replaced.
	s.Signal(syscall.SIGKILL)
	s.wait()
	eventually(t, "the worker of the killed master has gone", func() bool { return len(session(s.PID)) == 0 })
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the socket of a killed master is gone (%v): nobody could remove it safely", err)
	}
	next := startService(t, addressed, where)
	next.live(1)
	if got := request(t, "unix", path); got != "generation 1 version 1" {
		t.Errorf("answer %q on a stale socket's path, want %q", got, "generation 1 version 1")
	}
	next.stop()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is still there after the stop (%v)", err)
	}
}

// TestManyAddressesServe is a service with 2,000 of them; with 500 where the race
// detector makes each so slow that they would not accept within the bound.
func TestManyAddressesServe(t *testing.T) {
	t.Parallel()
	many := 2000
	if underRace {
		many = 500
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Max < uint64(2*many) {
		t.Skipf("this host allows %d descriptors a process, want %d", limit.Max, 2*many)
	}
	s := startService(t, addressed, env("TEST_ADDRESSES", strings.Repeat("127.0.0.1:0 ", many)))
	s.live(1)
	all := func(generation int) {
		t.Helper()
		want := fmt.Sprintf("generation %d version 1", generation)
		list := s.addresses(generation)
		if len(list) != many {
			t.Fatalf("State.Addresses has %d, want %d", len(list), many)
		}
		for _, address := range list {
			if got := request(t, "tcp", address); got != want {
				t.Fatalf("%s: answer %q, want %q", address, got, want)
			}
		}
	}
	all(1)
	s.restart()
	all(2)
	s.stop()
}

// TestListenerIsNeverLeftAlone upgrades to a release that has forgotten one of
// its two listeners.
func TestListenerIsNeverLeftAlone(t *testing.T) {
	t.Parallel()
	s := startService(t, addressed, env("TEST_ADDRESSES", "127.0.0.1:0 127.0.0.1:0"), env("TEST_READY_TIMEOUT", badShort.String()))
	s.live(1)
	first, second := s.addresses(1)[0], s.addresses(1)[1]
	publish(t, s.Next, plan{Version: "2", Fault: "accepts on the first only"})
	s.await(1, "msg=trial")
	for range 20 {
		if got := request(t, "tcp", second); got != "generation 1 version 1" {
			t.Fatalf("second address: answer %q, want the old generation's", got)
		}
	}
	eventually(t, "the new release serves the first address", func() bool {
		return request(t, "tcp", first) == "generation 2 version 2"
	})
	s.await(1, "msg=committed")
	for range 20 {
		got, err := tryRequest("tcp", second)
		if s.count("still does not accept on each socket") > 0 {
			break // its time is over
		}
		if err != nil || got != "generation 1 version 1" {
			t.Fatalf("second address after the commit: answer %q (%v), want the old generation's", got, err)
		}
	}
	s.await(1, "still does not accept on each socket")
	s.await(1, "msg=gone", "generation=1 ")
	s.stop()
}

// TestAddressInUse is a service whose address somebody else holds.
func TestAddressInUse(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	address := l.Addr().String()
	t.Run("required", func(t *testing.T) {
		t.Parallel()
		s := startService(t, addressed, env("TEST_ADDRESSES", "127.0.0.1:0 "+address))
		if code := s.wait(); code == 0 {
			t.Error("exit code 0, want another")
		}
		s.says("[overseer] ", address, "address already in use", "another process")
	})
	t.Run("not required", func(t *testing.T) {
		t.Parallel()
		s := startService(t, addressed, env("TEST_ADDRESSES", "127.0.0.1:0 "+address), env("TEST_NOT_REQUIRED", "1"))
		s.await(1, "overseer is disabled", address, "address already in use")
		s.await(1, "serve: listen", address, "address already in use")
		free := s.addresses(0)[0]
		if got := request(t, "tcp", free); got != "generation 0 version 1" {
			t.Errorf("answer %q on the address that is free, want %q", got, "generation 0 version 1")
		}
	})
	t.Run("let go in time", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		s := startService(t, addressed, env("TEST_ADDRESSES", l.Addr().String()))
		s.await(1, "waiting for an address")
		l.Close()
		s.live(1)
		s.stop()
	})
}

// says fails the test unless one line of an ended service holds all words.
func (s *service) says(words ...string) {
	s.t.Helper()
	if !within(10*time.Second, func() bool { return s.count(words...) > 0 }) {
		s.t.Errorf("no line with %q", words)
	}
}
