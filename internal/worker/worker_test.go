//go:build unix

package worker

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
)

func TestConnect(t *testing.T) {
	tcp, udp, unix := bind(t, "tcp"), bindPacket(t), bind(t, "unix")
	w, m := connect(t, time.Minute, tcp, udp, unix)
	if w.Setup.Generation != 3 || w.Setup.BinPath != "/app" || len(w.Listeners) != 2 || len(w.Packets) != 1 || len(w.Addresses) != 3 {
		t.Fatalf("worker is %+v with %d listeners, %d packet sockets, addresses %q", w.Setup, len(w.Listeners), len(w.Packets), w.Addresses)
	}
	for i, want := range []net.Addr{tcp.Addr(), unix.Addr()} {
		if got := w.Listeners[i].Addr(); got.String() != want.String() {
			t.Errorf("listener %d is at %v; want %v", i, got, want)
		}
	}
	for index, l := range []interface{ Close() error }{w.Listeners[0], w.Packets[0], w.Listeners[1]} {
		switch l := l.(type) {
		case net.Listener:
			accepting(l)
		case net.PacketConn:
			go l.ReadFrom(make([]byte, 1))
		}
		if got, ok := m.hear("accepting").(handover.Accepting); !ok || len(got.Sockets) != 1 || got.Sockets[0] != index {
			t.Fatalf("heard %#v; want accepting on socket %d", got, index)
		}
	}
	w.Ready()
	m.await(handover.Ready{})
	must(t, w.Restart(true))
	m.await(handover.Restart{Force: true})
	m.say(handover.Open{})
	m.await(handover.Opened{})
	m.say(handover.Pause{Sockets: []int{-1, 0, 1, 99}}) // those that are not there are of no account
	m.say(handover.Open{})
	m.await(handover.Opened{})
	if w.Draining() {
		t.Fatal("the worker drains")
	}
}

func TestConnectRefuses(t *testing.T) {
	file := func() *os.File {
		f, err := os.Open(os.DevNull)
		must(t, err)
		return f
	}
	for _, row := range []struct {
		name string
		say  func(*fakeMaster)
		want string
	}{
		{"hung up", func(*fakeMaster) {}, "EOF"},
		{"no setup", func(m *fakeMaster) { m.say(handover.Begin{}) }, "without a setup"},
		{"too few descriptors", func(m *fakeMaster) {
			m.say(handover.Sockets{Sockets: []handover.Socket{{Network: "tcp"}, {Network: "tcp"}}}, share(t, bind(t, "tcp")))
		}, "2 sockets came with 1 descriptors"},
		{"no socket", func(m *fakeMaster) {
			f := file()
			defer f.Close()
			m.say(handover.Sockets{Sockets: []handover.Socket{{Network: "tcp", Address: ":80"}}}, f)
		}, `socket ":80"`},
		{"another kind", func(m *fakeMaster) {
			m.say(handover.Sockets{Sockets: []handover.Socket{{Network: "udp", Address: ":53"}}}, share(t, bind(t, "tcp")))
		}, `socket ":53"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			conn, end, err := handover.Pair()
			must(t, err)
			defer conn.Close()
			failed := make(chan error, 1)
			go func() {
				_, err := Connect(handover.Inherited{Control: end}, nil, func(int) {})
				failed <- err
			}()
			_, _, err = conn.Receive()
			must(t, err)
			row.say(&fakeMaster{t: t, conn: conn})
			conn.Close()
			if err := next(t, failed, "Connect"); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("Connect = %v; want %q", err, row.want)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	w, m := connect(t, time.Second)
	type outcome struct {
		status handover.Status
		err    error
	}
	ask := func(ctx context.Context) <-chan outcome {
		c := make(chan outcome, 1)
		go func() {
			s, err := w.Status(ctx)
			c <- outcome{s, err}
		}()
		return c
	}
	first := ask(t.Context())
	id := m.hear("ask").(handover.Ask).ID
	second := ask(t.Context())
	id2 := m.hear("ask").(handover.Ask).ID
	m.say(handover.Status{ID: 12345}) // nobody has asked this
	m.say(handover.Status{ID: id2, Starts: 2})
	m.say(handover.Status{ID: id, Starts: 1})
	m.say(handover.Status{ID: id, Starts: 9}) // twice
	for i, c := range []<-chan outcome{first, second} {
		if o := next(t, c, "an answer"); o.err != nil || o.status.Starts != i+1 {
			t.Fatalf("Status = %+v; want the answer to question %d", o, i+1)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	given := ask(ctx)
	m.hear("ask")
	cancel()
	if o := next(t, given, "the end"); !errors.Is(o.err, context.Canceled) {
		t.Fatalf("Status = %v; want a cancelled context", o.err)
	}
	lost := ask(context.Background())
	m.hear("ask")
	m.conn.Close()
	if o := next(t, lost, "the end"); o.err == nil || !strings.Contains(o.err.Error(), "gone") {
		t.Fatalf("Status = %v; want a master that has gone", o.err)
	}
	if o := next(t, ask(context.Background()), "the end"); o.err == nil {
		t.Fatal("Status has an answer from a master that has gone")
	}
	if len(w.asks) != 0 {
		t.Fatalf("%d questions are remembered", len(w.asks))
	}
}

func TestSchedule(t *testing.T) {
	for _, row := range []struct {
		timeout, polite, forced time.Duration
	}{
		{30 * time.Second, 28 * time.Second, 29 * time.Second},
		{5 * time.Second, 4 * time.Second, 4500 * time.Millisecond},
		{time.Second, 800 * time.Millisecond, 900 * time.Millisecond},
		{10 * time.Millisecond, 8 * time.Millisecond, 9 * time.Millisecond},
		{0, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			now := time.Now()
			s := newSchedule(row.timeout)
			if p, f, l := s.polite.Sub(now), s.forced.Sub(now), s.final.Sub(now); p != row.polite || f != row.forced || l != row.timeout {
				t.Errorf("schedule of %v is %v, %v, %v; want %v, %v, %v", row.timeout, p, f, l, row.polite, row.forced, row.timeout)
			}
		})
	}
}

// bare is a worker without a master, for the arithmetic of its drain.
func bare(timeout time.Duration) *Worker {
	w := &Worker{Graceful: make(chan bool), withheld: make(chan struct{}), drained: make(chan struct{}), quit: func(int) {}}
	w.Setup.TerminateTimeout = timeout
	w.Context, w.cancel = context.WithCancel(context.Background())
	w.signals = newSignals(w)
	return w
}

func TestDrainOverTime(t *testing.T) {
	const timeout = 10 * time.Second
	for _, row := range []struct {
		name              string
		leaves            time.Duration // when the only connection ends; 0: there is none
		withheld, drained time.Duration
		closed            bool // by force
	}{
		{"no connection", 0, 0, 0, false},
		{"one that ends early", 2 * time.Second, 2 * time.Second, 2 * time.Second, false},
		{"one that ends late", 7 * time.Second, 5 * time.Second, 7 * time.Second, false},
		{"one that stays", time.Hour, 5 * time.Second, 9 * time.Second, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := bare(timeout)
				c := &counted{}
				if row.leaves > 0 {
					w.tally.enter(&c.entry, c)
					time.AfterFunc(row.leaves, c.leave)
				}
				began := time.Now()
				w.Wait() // the program returned of its own accord: no drain, no wait
				if !w.drain(handover.Drain{Timeout: timeout}) || w.drain(handover.Drain{Timeout: time.Hour}) {
					t.Error("drain does not begin, or begins twice")
				}
				<-w.Graceful
				<-w.Context.Done()
				<-w.withheld
				if got := time.Since(began); got != row.withheld {
					t.Errorf("Accept returns after %v; want %v", got, row.withheld)
				}
				w.Wait()
				if got := time.Since(began); got != row.drained {
					t.Errorf("Wait returns after %v; want %v", got, row.drained)
				}
				if got := c.closed > 0; got != row.closed {
					t.Errorf("closed by force: %v; want %v", got, row.closed)
				}
			})
		})
	}
}

func TestTheMastersDeath(t *testing.T) {
	s := bind(t, "tcp")
	w, m := connect(t, 300*time.Millisecond, s)
	m.say(handover.Open{})
	got := accepting(w.Listeners[0])
	dial(t, s)
	a := next(t, got, "a connection")
	must(t, a.err)
	began := time.Now()
	m.conn.Close()
	next(t, w.Graceful, "the drain")
	prompt := accepting(promptListener{w.Listeners[0].(*Listener)})
	wantClosed(t, next(t, prompt, "the end of accepting"))
	w.Wait()
	if _, err := a.conn.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("Write after the drain = %v; want a connection closed by force", err)
	}
	if code := next(t, m.quit, "the end of the process"); code != 1 {
		t.Fatalf("the process ends with %d; want 1", code)
	}
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Fatalf("the process ended after %v; want no sooner than the timeout", took)
	}
}

func TestPrivateReachesItsSocket(t *testing.T) {
	w, m := connect(t, time.Second, bind(t, "tcp"), bindPacket(t), bind(t, "unix"))
	for _, row := range []struct {
		name   string
		socket int
		l      net.Listener
	}{
		{"first", 0, w.Listeners[0]},
		{"a datagram socket", 1, nil},
		{"third", 2, w.Listeners[1]},
		{"below", -1, nil},
		{"above", 3, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			near, far, err := handover.Pair() // any connected pair
			must(t, err)
			defer near.Close()
			must(t, near.SetReadDeadline(time.Now().Add(patience)))
			m.say(handover.Private{Socket: row.socket}, far)
			far.Close()
			if row.l != nil {
				a := next(t, accepting(row.l), "the private connection")
				must(t, a.err)
				a.conn.Close()
			}
			if _, _, err := near.Receive(); err == nil {
				t.Fatal("the connection is still open")
			}
		})
	}
}

func TestPing(t *testing.T) {
	l := bind(t, "tcp")
	w, m := connect(t, time.Minute, l)
	m.say(handover.Ping{ID: 1})
	m.await(handover.Pong{ID: 1})
	m.say(handover.Open{})
	m.await(handover.Opened{})
	var conns []net.Conn
	for range 2 {
		client, err := net.Dial("tcp", l.Addr().String())
		must(t, err)
		defer client.Close()
		conn, err := w.Listeners[0].Accept()
		must(t, err)
		conns = append(conns, conn)
	}
	must(t, conns[0].Close())
	m.hear("accepting")
	m.say(handover.Ping{ID: 2})
	m.await(handover.Pong{ID: 2, Open: 1, Accepted: 2})
	must(t, conns[1].Close())
}
