//go:build linux

package overseer_test

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestDatagramsAreAnsweredThroughRestarts has clients that send a datagram and
// wait for its answer, as a resolver does, through 50 restarts. None is lost: a
// datagram waits in the socket's queue, which all generations share, and a
// generation answers what it has read before its reads end. What UDP itself does
// not promise is not promised here: a queue that is full drops.
func TestDatagramsAreAnsweredThroughRestarts(t *testing.T) {
	t.Parallel()
	const clients = 4
	restarts := 50
	if testing.Short() {
		restarts = 10
	}
	s := startService(t, addressed, env("TEST_ADDRESSES", "udp://127.0.0.1:0"))
	s.live(1)
	_, target := dialable(s.addresses(1)[0])
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range clients {
		conn, err := net.Dial("udp", target)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		all.Go(func() {
			sent, unanswered := exchange(conn, stop)
			if sent == 0 || unanswered > 0 {
				t.Errorf("%d of %d datagrams were not answered, want 0 of many", unanswered, sent)
			}
		})
	}
	for range restarts {
		s.restart()
	}
	close(stop)
	all.Wait()
	s.stop()
}

// exchange sends numbered datagrams, each after the answer to the one before.
func exchange(conn net.Conn, stop <-chan struct{}) (sent, unanswered int) {
	buf := make([]byte, 1<<10)
	for {
		select {
		case <-stop:
			return sent, unanswered
		default:
		}
		sent++
		question := fmt.Sprintf("question %d", sent)
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := conn.Write([]byte(question)); err != nil {
			unanswered++
			continue
		}
		n, err := conn.Read(buf)
		if err != nil || !strings.HasSuffix(string(buf[:n]), ": "+question) {
			unanswered++
		}
	}
}
