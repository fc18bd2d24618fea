//go:build unix

package overseer_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/probe"
)

// moving is examples/echo with releases: it takes its connections along.
var moving = register("moving", func() {
	c := webConfig()
	c.Probe = probeEcho
	c.KeepAlive = overseer.OnFailure
	c.Program = serveMoving
	overseer.Run(c)
})

// probeEcho passes where a line is echoed.
func probeEcho(ctx context.Context, target probe.Target) error {
	conn, err := target.Dial(ctx, 0)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := io.WriteString(conn, "are you well?\n"); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if strings.HasSuffix(answer, "unwell\n") {
		return errors.New("it is unwell")
	}
	return err
}

func serveMoving(s overseer.State) {
	p := readPlan()
	var sessions sync.WaitGroup
	if p.Fault != "inherits nothing" && (p.Fault != "inherits nothing at first" || s.Generation != 2) {
		sessions.Go(func() {
			for {
				item, err := s.Inherited(context.Background())
				if err != nil {
					return
				}
				sessions.Go(func() { echoMoving(s, item.Conn, item.Data) })
			}
		})
	}
	announce(s)
	for {
		conn, err := s.Listener.Accept()
		if err != nil {
			break
		}
		sessions.Go(func() { echoMoving(s, conn, nil) })
	}
	sessions.Wait()
}

func echoMoving(s overseer.State, conn net.Conn, begun []byte) {
	defer conn.Close()
	in := bufio.NewReader(io.MultiReader(bytes.NewReader(begun), conn))
	stay := context.AfterFunc(s.Context(), func() { conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stay()
	for {
		line, err := in.ReadSlice('\n')
		switch {
		case err == nil && unwell() && string(line) == "are you well?\n":
			io.WriteString(conn, "unwell\n")
		case err == nil:
			if _, err := fmt.Fprintf(conn, "%d: %s", s.Generation, line); err != nil {
				return
			}
		case errors.Is(err, os.ErrDeadlineExceeded):
			ctx, cancel := context.WithTimeout(context.Background(), envDuration("TEST_HANDOVER", bound))
			err := s.Handover(ctx, overseer.Item{Name: "conn", Conn: conn, Data: line})
			cancel()
			if err == nil {
				return
			}
			fmt.Fprintf(os.Stderr, "generation %d keeps a connection: %v\n", s.Generation, err)
			conn.SetReadDeadline(time.Time{})
			in = bufio.NewReader(io.MultiReader(bytes.NewReader(line), conn))
		default:
			return
		}
	}
}

// movingUpgraded is the same behind an HTTP upgrade, as a WebSocket is.
var movingUpgraded = register("moving upgraded", func() {
	c := webConfig()
	c.Probe = nil
	c.Program = func(s overseer.State) {
		go func() {
			for {
				item, err := s.Inherited(context.Background())
				if err != nil {
					return
				}
				go echoMoving(s, item.Conn, item.Data)
			}
		}()
		announce(s)
		err := s.Serve(&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, buf, err := w.(http.Hijacker).Hijack()
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
			begun, _ := buf.Reader.Peek(buf.Reader.Buffered()) // what the server has read beyond the request
			echoMoving(s, conn, begun)
		})})
		if err != nil {
			fmt.Fprintln(os.Stderr, "serve:", err)
			os.Exit(3)
		}
	}
	overseer.Run(c)
})

// unwell reports whether this release, of a service that is told so, is bad.
func unwell() bool {
	_, err := os.Stat(os.Getenv("TEST_NEXT") + ".unwell")
	return err == nil && readPlan().Fault == "unwell when told"
}

// converse sends numbered lines until it is told to stop, and checks the echo of
// each. A part of the next line is always under way, so that there is no moment
// at which nothing is at stake. It tells of each generation that is the first to
// answer, or another one than before, and returns how often each has answered.
func converse(address string, stop <-chan struct{}, by func(generation string)) (answered map[string]int, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	answered = map[string]int{}
	last := ""
	in := bufio.NewReader(conn)
	if _, err := io.WriteString(conn, "line number "); err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		conn.SetDeadline(time.Now().Add(bound))
		if _, err := fmt.Fprintf(conn, "%d\nline number ", n); err != nil {
			return answered, fmt.Errorf("send line %d: %w", n, err)
		}
		echo, err := in.ReadString('\n')
		if err != nil {
			return answered, fmt.Errorf("read the echo of line %d: %q, %w", n, echo, err)
		}
		generation, line, _ := strings.Cut(echo, ": ")
		if want := fmt.Sprintf("line number %d\n", n); line != want {
			return answered, fmt.Errorf("the echo of line %d is %q, want %q", n, echo, want)
		}
		answered[generation]++
		if generation != last {
			last = generation
			by(generation)
		}
		select {
		case <-stop:
			return answered, nil
		case <-time.After(rand.N(300 * time.Millisecond)): // a thousand clients, and few processors
		}
	}
}

// A crowd is many connections that converse.
type crowd struct {
	t      *testing.T
	stop   func()
	all    sync.WaitGroup
	failed chan struct{}
	news   chan struct{} // has a value when something below has changed

	mu       sync.Mutex
	by       map[int]string // who has answered each client last
	answered map[string]int // lines, by generation
}

// startCrowd waits until all clients have been answered once.
func startCrowd(t *testing.T, address string, clients int) *crowd {
	t.Helper()
	stop := make(chan struct{})
	c := &crowd{
		t: t, stop: sync.OnceFunc(func() { close(stop) }), failed: make(chan struct{}),
		news: make(chan struct{}, 1), by: map[int]string{}, answered: map[string]int{},
	}
	t.Cleanup(func() { c.end() })
	fail := sync.OnceFunc(func() { close(c.failed) })
	for client := range clients {
		c.all.Go(func() {
			answered, err := converse(address, stop, func(generation string) { c.note(client, generation) })
			if err != nil {
				t.Error(err)
				fail()
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			for g, n := range answered {
				c.answered[g] += n
			}
		})
	}
	c.until("each client is answered", func() bool { return len(c.by) == clients })
	return c
}

func (c *crowd) note(client int, generation string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.by[client] = generation
	select {
	case c.news <- struct{}{}:
	default:
	}
}

// until waits for a condition on who has answered.
func (c *crowd) until(what string, condition func() bool) {
	c.t.Helper()
	for deadline := time.After(bound); ; {
		c.mu.Lock()
		ok := condition()
		c.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-c.news:
		case <-c.failed:
			c.t.FailNow()
		case <-deadline:
			c.t.Fatalf("not within %v: %s", bound, what)
		}
	}
}

// last returns the generation that has answered a client last.
func (c *crowd) last(client int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.by[client]
}

// await waits until each client was last answered by this generation.
func (c *crowd) await(generation string) {
	c.t.Helper()
	c.until("generation "+generation+" answers each client", func() bool {
		for _, by := range c.by {
			if by != generation {
				return false
			}
		}
		return true
	})
}

// end lets each client finish its line.
func (c *crowd) end() map[string]int {
	c.stop()
	c.all.Wait()
	return c.answered
}

// movedAll checks that no generation has kept a connection. At the stop, which
// comes after it, the last one has to.
func (s *service) movedAll() {
	s.t.Helper()
	if n := s.count("keeps a connection"); n != 0 {
		s.t.Errorf("%d times a connection was not moved, want 0", n)
	}
}

// TestConnectionsMoveThroughUpgrades is the promise of State.Handover: 1,000 TCP
// connections live through 20 upgrades, each with a line half sent at any
// moment, and not one notices.
func TestConnectionsMoveThroughUpgrades(t *testing.T) {
	clients, upgrades := 1000, 20
	if testing.Short() {
		clients, upgrades = 100, 3
	}
	s := startService(t, moving, env("TEST_PROBATION", "50ms"), env("TEST_TERMINATE_TIMEOUT", "2m"))
	s.live(1)
	c := startCrowd(t, s.Address(), clients)
	for i := range upgrades {
		publish(t, s.Next, plan{Version: fmt.Sprintf("2.%d", i)})
		s.await(i+1, "msg=committed")
		s.await(i+1, "msg=gone") // long before its time: nothing is left to it
		c.await(fmt.Sprint(i + 2))
	}
	answered := c.end()
	s.movedAll()
	s.stop()
	t.Logf("%d clients, %d upgrades: lines by generation %v", clients, upgrades, answered)
}

// Restarts that do not wait for each other: several generations drain at a time,
// and what one was just sent it may have to hand on.
func TestConnectionsMoveThroughABurst(t *testing.T) {
	t.Parallel()
	clients, restarts := 300, 20
	if testing.Short() {
		clients, restarts = 50, 5
	}
	s := startService(t, moving, env("TEST_TERMINATE_TIMEOUT", "2m"))
	s.live(1)
	c := startCrowd(t, s.Address(), clients)
	for i := range restarts {
		s.Signal(syscall.SIGUSR2)
		s.live(i + 2)
	}
	c.await(fmt.Sprint(restarts + 1))
	s.await(restarts, "msg=gone")
	c.end()
	s.movedAll()
	s.stop()
}

// A release that is rolled back hands the connections that it has accepted to
// the generation that is put back.
func TestConnectionsMoveBackInARollback(t *testing.T) {
	t.Parallel()
	s := startService(t, moving, env("TEST_PROBATION", "1m"), env("TEST_TERMINATE_TIMEOUT", "2m"))
	s.live(1)
	before := startCrowd(t, s.Address(), 10)
	publish(t, s.Next, plan{Version: "2", Fault: "unwell when told"})
	s.await(1, "msg=trial")
	after := startCrowd(t, s.Address(), 1)
	for after.last(0) != "2" { // for a moment generation 1 accepts, too
		after.end()
		after = startCrowd(t, s.Address(), 1)
	}
	if err := os.WriteFile(s.Next+".unwell", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s.await(1, `msg="rolled back"`)
	s.await(1, "msg=gone", "generation=2")
	after.await("1")
	if answered := before.end(); len(answered) != 1 {
		t.Errorf("connections of generation 1 were answered by %v", answered)
	}
	if answered := after.end(); answered["1"] == 0 || answered["2"] == 0 {
		t.Errorf("connections of generation 2 were answered by %v, want it and then 1", answered)
	}
	s.stop()
}

// Where the new release inherits nothing, the old generation keeps what it has,
// and answers on it as before.
func TestConnectionsStayWhereNobodyTakesThem(t *testing.T) {
	t.Parallel()
	s := startService(t, moving, env("TEST_PROBATION", "50ms"), env("TEST_TERMINATE_TIMEOUT", "2m"), env("TEST_HANDOVER", "200ms"))
	s.live(1)
	conn, err := net.Dial("tcp", s.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(bound))
	in := bufio.NewReader(conn)
	io.WriteString(conn, "one\ntw")
	if echo, err := in.ReadString('\n'); echo != "1: one\n" {
		t.Fatalf("echo %q, %v", echo, err)
	}
	publish(t, s.Next, plan{Version: "2", Fault: "inherits nothing"})
	s.await(1, "generation 1 keeps a connection", "deadline exceeded", "State.Inherited")
	io.WriteString(conn, "o\n")
	if echo, err := in.ReadString('\n'); echo != "1: two\n" {
		t.Fatalf("echo %q, %v; want that of the old generation", echo, err)
	}
	conn.Close()
	s.await(1, "msg=gone", "generation=1")
	s.stop()
}

// A generation that is killed before it has taken what it was sent has not
// taken it: the next one does.
func TestConnectionsOutliveAnHeirThatIsKilled(t *testing.T) {
	t.Parallel()
	s := startService(t, moving, env("TEST_PROBATION", "1ms"), env("TEST_TERMINATE_TIMEOUT", "2m"))
	s.live(1)
	c := startCrowd(t, s.Address(), 100)
	publish(t, s.Next, plan{Version: "2", Fault: "inherits nothing at first"})
	s.await(1, "msg=committed") // and generation 1 drains
	if err := syscall.Kill(s.pidOf(2), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.await(1, "msg=gone", "generation=1")
	c.await("3")
	answered := c.end()
	if len(answered) != 2 || answered["3"] == 0 {
		t.Errorf("answered by generations %v, want 1 and 3", answered)
	}
	s.movedAll()
	s.stop()
}

// A connection that was taken over from net/http moves as well, with what the
// server had read of it already.
func TestUpgradedConnectionMoves(t *testing.T) {
	t.Parallel()
	s := startService(t, movingUpgraded, env("TEST_TERMINATE_TIMEOUT", "2m"))
	s.live(1)
	conn, err := net.Dial("tcp", s.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(bound))
	in := bufio.NewReader(conn)
	// The first line comes with the request, and half of the next one.
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: test\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nline 1\nlin")
	if resp, err := http.ReadResponse(in, nil); err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %+v, %v", resp, err)
	}
	for generation := 1; generation <= 3; generation++ {
		if echo, err := in.ReadString('\n'); echo != fmt.Sprintf("%d: line %d\n", generation, generation) {
			t.Fatalf("generation %d: echo %q, %v", generation, echo, err)
		}
		s.restart()
		fmt.Fprintf(conn, "e %d\nlin", generation+1)
	}
	conn.Close() // else the end of the service would wait for it
	s.stop()
}
