//go:build unix

package overseer_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestNewMasterTakesOver kills the master by SIGKILL at several moments. The
// workers see it, stop accepting, answer what they have and end; a new master
// that is started at once takes the same address over although requests of the
// old one are still in flight.
func TestNewMasterTakesOver(t *testing.T) {
	for name, reach := range map[string]func(t *testing.T, s *service){
		"idle": func(t *testing.T, s *service) {},
		"a restart is starting": func(t *testing.T, s *service) {
			s.Signal(syscall.SIGUSR2)
			s.await(1, "program begins generation=2")
		},
		"a candidate hangs": func(t *testing.T, s *service) {
			publish(t, s.Next, plan{Version: "2", Fault: "hang at start"})
			s.await(1, "program begins generation=2")
		},
		"a candidate is on trial": func(t *testing.T, s *service) {
			publish(t, s.Next, plan{Version: "2"})
			s.await(1, "msg=trial")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const knockers = 4
			first := plan{Version: "1", Fault: "slow start", After: 200 * time.Millisecond}
			address := env("TEST_ADDRESS", freeAddress(t))
			s := startService(t, faulty, address, installed(first), env("TEST_PROBATION", never), env("TEST_TERMINATE_TIMEOUT", "10s"))
			s.live(1)
			inFlight := hold(t, s)
			reach(t, s)
			clients := startKnocking(t, s.Address(), knockers)

			s.Signal(syscall.SIGKILL)
			if code := s.wait(); code != 137 {
				t.Errorf("the master ended with code %d", code)
			}
			next := startService(t, faulty, address, inDir(s.Dir), env("TEST_PROBATION", never)) // else it installs the release, on its second try
			next.await(1, "program begins generation=1", "version=1")
			next.live(1)
			mustHold(t, s.Binary, releaseBytes(t, first))
			clients.answered(t, 50)
			inFlight.end("1")
			s.allGone()
			clients.end(t, knockers)
			next.stop()
		})
	}
}

// TestBootRecord ends everything at once, as a power cut does, in three trials of
// the same release. Each start runs the proven binary first; after the third the
// release is taken for the cause.
func TestBootRecord(t *testing.T) {
	t.Parallel()
	s := startService(t, faulty, env("TEST_PROBATION", never))
	s.live(1)
	publish(t, s.Next, plan{Version: "2"})
	for attempt := 1; ; attempt++ {
		s.await(1, "program begins generation=1", "version=1")
		if attempt > 3 {
			break
		}
		s.await(1, "msg=trial")
		s.killAll()
		s.wait()
		s.allGone()
		mustHold(t, s.Binary, releaseBytes(t, plan{Version: "1"}))
		probation := never // the next trial is interrupted too
		words := []string{"an earlier master ended during an upgrade", fmt.Sprintf("%d of 3", attempt)}
		if attempt == 3 {
			probation, words = "100ms", append(words, "quarantined")
		}
		s = startService(t, faulty, inDir(s.Dir), env("TEST_PROBATION", probation))
		s.await(1, words...)
	}
	s.await(1, "the source offers a release")
	publish(t, s.Next, plan{Version: "3"})
	s.await(1, "msg=committed")
	if got := s.count("version=2"); got != 0 {
		t.Errorf("the quarantined release was started %d times", got)
	}
	s.stop()
}

// killAll kills the master, and then all others: else it may live to see the end of
// its worker, and act on it.
func (s *service) killAll() {
	syscall.Kill(s.PID, syscall.SIGKILL)
	for _, pid := range session(s.PID) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
}

// freeAddress returns an address that nothing listens on at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// knocking are clients that connect until somebody answers, and then make a
// request: a connection that is made and comes to nothing is a loss, one that is
// refused is not.
type knocking struct {
	stop chan struct{}
	done sync.WaitGroup

	mu      sync.Mutex
	good    int
	refused int
	lost    []error
	more    chan struct{}
}

func startKnocking(t *testing.T, address string, clients int) *knocking {
	k := &knocking{stop: make(chan struct{}), more: make(chan struct{}, 1)}
	for range clients {
		k.done.Go(func() { k.run(address) })
	}
	t.Cleanup(func() { k.halt() })
	return k
}

func (k *knocking) run(address string) {
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-k.stop:
			return
		case <-tick.C:
		}
		k.note(knock(address))
	}
}

func knock(address string) error {
	conn, err := net.DialTimeout("tcp", address, bound)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(bound))
	if _, err := fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", address); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func (k *knocking) note(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var dial *net.OpError
	switch {
	case err == nil:
		k.good++
	case errors.As(err, &dial) && dial.Op == "dial" && errors.Is(err, syscall.ECONNREFUSED):
		k.refused++
	default:
		k.lost = append(k.lost, err)
	}
	select {
	case k.more <- struct{}{}:
	default:
	}
}

// answered waits for so many more answers.
func (k *knocking) answered(t *testing.T, n int) {
	t.Helper()
	late := time.After(bound)
	k.mu.Lock()
	n += k.good
	k.mu.Unlock()
	for {
		k.mu.Lock()
		enough := k.good >= n
		k.mu.Unlock()
		if enough {
			return
		}
		select {
		case <-k.more:
		case <-late:
			t.Fatal("the clients get no answers")
		}
	}
}

func (k *knocking) halt() {
	select {
	case <-k.stop:
	default:
		close(k.stop)
	}
	k.done.Wait()
}

// end stops the clients and reports what they have lost. Between the last look
// at the queue of a listener and its close a connection can come in, and the
// kernel resets it: so much a change of masters can cost, once for a client,
// where nobody but the masters holds the socket.
func (k *knocking) end(t *testing.T, clients int) {
	t.Helper()
	k.halt()
	if len(k.lost) > clients {
		t.Errorf("%d clients were let in and not answered %d times: more than once each", clients, len(k.lost))
	}
	for _, err := range k.lost {
		if !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("a client that was let in was not answered: %v", err)
		}
	}
	t.Logf("%d answered, %d refused, %d lost", k.good, k.refused, len(k.lost))
}
