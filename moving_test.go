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
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
)

// moving is examples/echo with releases: it takes its connections along.
var moving = register("moving", func() {
	c := webConfig()
	c.Probe = nil
	c.Program = serveMoving
	overseer.Run(c)
})

func serveMoving(s overseer.State) {
	p := readPlan()
	var sessions sync.WaitGroup
	if p.Fault != "inherits nothing" {
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
	if p.Fault == "crash" {
		time.AfterFunc(p.After, func() { panic("version " + p.Version + " crashed") })
	}
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
		case err == nil:
			if _, err := fmt.Fprintf(conn, "%d: %s", s.Generation, line); err != nil {
				return
			}
		case errors.Is(err, os.ErrDeadlineExceeded):
			err := s.Handover(context.Background(), overseer.Item{Name: "conn", Conn: conn, Data: line})
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

// converse sends numbered lines until it is told to stop, and checks the echo of
// each. A part of the next line is always under way, so that there is no moment
// at which nothing is at stake. It returns the generations that have answered.
func converse(address string, stop <-chan struct{}, hello chan<- struct{}) (answered map[string]int, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(4 * bound))
	answered = map[string]int{}
	in := bufio.NewReader(conn)
	if _, err := io.WriteString(conn, "line number "); err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
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
		if n == 0 {
			hello <- struct{}{}
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
	t        *testing.T
	stop     chan struct{}
	all      sync.WaitGroup
	mu       sync.Mutex
	answered map[string]int
}

// startCrowd waits until all clients have been answered once.
func startCrowd(t *testing.T, address string, clients int) *crowd {
	t.Helper()
	c := &crowd{t: t, stop: make(chan struct{}), answered: map[string]int{}}
	hello := make(chan struct{}, clients)
	failed := make(chan struct{})
	var once sync.Once
	for range clients {
		c.all.Go(func() {
			answered, err := converse(address, c.stop, hello)
			if err != nil {
				t.Error(err)
				once.Do(func() { close(failed) })
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			for g, n := range answered {
				c.answered[g] += n
			}
		})
	}
	for range clients {
		select {
		case <-hello:
		case <-failed:
			t.FailNow()
		}
	}
	return c
}

// end lets each client finish its line.
func (c *crowd) end() map[string]int {
	close(c.stop)
	c.all.Wait()
	return c.answered
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
	}
	answered := c.end()
	s.stop()
	if n := s.count("keeps a connection"); n != 0 {
		t.Errorf("%d times a connection was not moved, want 0", n)
	}
	if len(answered) != upgrades+1 {
		t.Errorf("%d generations have answered, want %d: %v", len(answered), upgrades+1, answered)
	}
	t.Logf("%d clients, %d upgrades: lines by generation %v", clients, upgrades, answered)
}
