//go:build unix

package worker

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

type accepted struct {
	conn net.Conn
	err  error
}

// accepting runs Accept once, beside the test.
func accepting(l net.Listener) <-chan accepted {
	c := make(chan accepted, 1)
	go func() {
		conn, err := l.Accept()
		c <- accepted{conn, err}
	}()
	return c
}

func networks(t *testing.T, f func(t *testing.T, network string)) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) { f(t, network) })
	}
}

func TestHeldUntilOpen(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		s := bind(t, network)
		var tl tally
		l := shared(t, s, &tl, nil)
		got := accepting(l)
		dial(t, s)
		silent(t, got, "a held listener accepted")
		l.open()
		a := next(t, got, "the queued connection")
		must(t, a.err)
		must(t, a.conn.Close())
	})
}

// private gives a connection of the master's, and returns its other end.
func private(t *testing.T, l *Listener) net.Conn {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, err)
	var ends [2]net.Conn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "private")
		ends[i], err = net.FileConn(f)
		f.Close()
		must(t, err)
	}
	l.give(ends[0])
	t.Cleanup(func() { ends[1].Close() })
	must(t, ends[1].SetDeadline(time.Now().Add(patience)))
	return ends[1]
}

func TestPrivateConnections(t *testing.T) {
	for _, row := range []struct {
		name    string
		prepare func(*Listener)
		refused bool
	}{
		{"held", func(*Listener) {}, false},
		{"open", func(l *Listener) { l.open() }, false},
		{"paused", func(l *Listener) { l.open(); l.pause() }, false},
		{"open again", func(l *Listener) { l.open(); l.pause(); l.open() }, false},
		{"drained", func(l *Listener) { l.drain(false) }, true},
		{"closed", func(l *Listener) { l.Close() }, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := bind(t, "tcp")
			var tl tally
			l := shared(t, s, &tl, nil)
			row.prepare(l)
			if row.refused {
				if _, err := private(t, l).Read(make([]byte, 1)); err != io.EOF {
					t.Fatalf("the master's end reads %v; want EOF", err)
				}
				return
			}
			before := private(t, l)
			a := next(t, accepting(l), "a private connection given before Accept")
			must(t, a.err)
			a.conn.Close()
			if _, err := before.Read(make([]byte, 1)); err != io.EOF {
				t.Fatalf("the master's end reads %v; want EOF", err)
			}
			got := accepting(l)
			private(t, l)
			must(t, next(t, got, "a private connection given during Accept").err)
			// And the public socket still works as it should.
			got = accepting(l)
			if l.mode != open {
				dial(t, s)
				silent(t, got, "accepted from the public socket")
				l.open()
			} else {
				dial(t, s)
			}
			must(t, next(t, got, "a public connection").err)
		})
	}
}

func TestPrivateConnectionsEndWithTheListener(t *testing.T) {
	var tl tally
	l := shared(t, bind(t, "tcp"), &tl, nil)
	far := private(t, l)
	l.drain(false)
	if _, err := far.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("the master's end reads %v; want EOF", err)
	}
}

func TestPauseWakesAcceptAndOpenResumes(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		s := bind(t, network)
		var tl tally
		l := shared(t, s, &tl, nil)
		l.open()
		const acceptors = 8
		var got []<-chan accepted
		for range acceptors {
			got = append(got, accepting(l))
		}
		for range 3 {
			l.pause()
			l.pause() // twice is once
			other := shared(t, s, &tl, nil)
			other.open()
			dial(t, s)
			must(t, next(t, accepting(other), "the other generation's connection").err)
			for _, g := range got {
				silent(t, g, "a paused listener accepted")
			}
			must(t, other.Close())
			l.open()
			l.open()
		}
		for range acceptors {
			dial(t, s)
		}
		for _, g := range got {
			must(t, next(t, g, "a connection for each Accept").err)
		}
	})
}

func TestFirstAcceptIsToldOnce(t *testing.T) {
	var tl tally
	var told atomic.Int32
	inner := bind(t, "tcp")
	l := newListener(inner, 7, &tl, func(index int) {
		if index != 7 {
			t.Errorf("told of listener %d; want 7", index)
		}
		told.Add(1)
	}, nil)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { l.Accept() })
	}
	must(t, l.Close())
	wg.Wait()
	if told.Load() != 1 {
		t.Fatalf("told %d times; want once", told.Load())
	}
}

// Two generations take turns under load: each connection is answered by one.
func TestNothingIsLostOverThousandTurns(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		const turns, clients = 1000, 4
		s := bind(t, network)
		var tallies [2]tally
		var gens [2]*Listener
		answered := make(chan int, 1)
		var serving sync.WaitGroup
		for i := range gens {
			l := shared(t, s, &tallies[i], nil)
			gens[i] = l
			for range 3 {
				serving.Go(func() {
					for {
						c, err := l.Accept()
						if err != nil {
							if !errors.Is(err, net.ErrClosed) {
								t.Errorf("Accept: %v", err)
							}
							return
						}
						c.Write([]byte{'0' + byte(i)})
						io.Copy(io.Discard, c) // the client closes first
						c.Close()
						select {
						case answered <- i:
						default:
						}
					}
				})
			}
		}
		gens[0].open()
		stop := make(chan struct{})
		var asking sync.WaitGroup
		for range clients {
			asking.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if err := ask(s); err != nil {
						t.Errorf("a connection was lost: %v", err)
						return
					}
				}
			})
		}
		for turn := range turns {
			old, young := gens[turn%2], gens[(turn+1)%2]
			young.open()
			old.pause()
			next(t, answered, "an answer")
		}
		close(stop)
		asking.Wait()
		for _, l := range gens {
			l.Close()
		}
		serving.Wait()
		for i := range tallies {
			if tallies[i].open != 0 || tallies[i].sources != 0 || tallies[i].first != nil {
				t.Errorf("the tally of generation %d ends with %d connections and %d sources", i, tallies[i].open, tallies[i].sources)
			}
		}
	})
}

// ask is a client that never tries again.
func ask(s stream) error {
	c, err := net.DialTimeout(s.Addr().Network(), s.Addr().String(), patience)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	_, err = io.ReadFull(c, make([]byte, 1))
	return err
}

func wantClosed(t *testing.T, a accepted) {
	t.Helper()
	var op *net.OpError
	if !errors.Is(a.err, net.ErrClosed) || !errors.As(a.err, &op) || a.conn != nil {
		t.Fatalf("Accept = %v, %v; want net.ErrClosed", a.conn, a.err)
	}
}

func TestDrainedListener(t *testing.T) {
	s := bind(t, "tcp")
	var tl tally
	withheld := make(chan struct{})
	l := shared(t, s, &tl, withheld)
	l.open()
	got := accepting(l)
	l.drain(false)
	l.drain(true)
	silent(t, got, "Accept of a draining listener was not held back")
	l.open()
	l.pause()
	silent(t, got, "a drained listener came back")
	prompt := accepting(promptListener{l})
	wantClosed(t, next(t, prompt, "the prompt listener's end"))
	close(withheld)
	wantClosed(t, next(t, got, "the end of Accept"))
	wantClosed(t, next(t, accepting(l), "the end of a later Accept"))
	must(t, l.Close()) // the program has not closed it before
	if err := l.Close(); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("the second Close = %v; want net.ErrClosed", err)
	}
}

// http.Server.Close and Shutdown close the listener and wait for Serve.
func TestTheProgramsCloseIsNeverHeldBack(t *testing.T) {
	for _, row := range []struct {
		name  string
		close func(*Listener)
	}{
		{"held", func(l *Listener) { l.Close() }},
		{"open", func(l *Listener) { l.open(); l.Close() }},
		{"paused", func(l *Listener) { l.open(); l.pause(); l.Close() }},
		{"closed, then drained", func(l *Listener) { l.open(); l.Close(); l.drain(false) }},
		{"drained, then closed", func(l *Listener) { l.open(); l.drain(false); l.Close() }},
		{"ending, then closed", func(l *Listener) { l.open(); l.drain(true); l.Close() }},
	} {
		t.Run(row.name, func(t *testing.T) {
			var tl tally
			l := shared(t, bind(t, "tcp"), &tl, make(chan struct{}))
			got := accepting(l)
			row.close(l)
			wantClosed(t, next(t, got, "the end of Accept"))
			if l.quit != true || tl.sources != 0 {
				t.Fatalf("quit is %v, %d sources are counted; want none", l.quit, tl.sources)
			}
		})
	}
}

func TestTheLastGenerationTakesWhatIsQueued(t *testing.T) {
	networks(t, func(t *testing.T, network string) {
		const queued = 20
		s := bind(t, network)
		var tl tally
		l := shared(t, s, &tl, immediately)
		l.open()
		for range queued {
			dial(t, s)
		}
		l.drain(true)
		none := tl.none()
		for n := range queued {
			a := next(t, accepting(l), "a queued connection")
			if a.err != nil {
				t.Fatalf("connection %d: %v", n, a.err)
			}
			defer a.conn.Close()
		}
		wantClosed(t, next(t, accepting(l), "the end"))
		silent(t, none, "the tally is empty")
	})
}

// A program between two calls of Accept may still take what is queued: until
// then the drain must not count as finished.
func TestTheQueueOfTheLastCountsAsOpen(t *testing.T) {
	s := bind(t, "tcp")
	var tl tally
	l := shared(t, s, &tl, immediately)
	l.open()
	dial(t, s)
	l.drain(true)
	none := tl.none()
	select {
	case <-none:
		t.Fatal("the drain is finished although a connection is queued")
	default:
	}
	a := next(t, accepting(l), "the queued connection")
	must(t, a.err)
	wantClosed(t, next(t, accepting(l), "the end"))
	silent(t, none, "the drain is finished although a connection is open")
	must(t, a.conn.Close())
	next(t, none, "the end of the drain")
}

func TestTheLastEndsWithoutAnAccept(t *testing.T) {
	var tl tally
	l := shared(t, bind(t, "tcp"), &tl, immediately)
	l.open()
	l.drain(true)
	next(t, tl.none(), "the end of the backlog")
	wantClosed(t, next(t, accepting(l), "the end"))
}

// Between accept(2) and the tally a connection is known to nobody else.
func TestAConnectionAboutToBeHandedOutCountsAsOpen(t *testing.T) {
	inner := &slowStream{stream: bind(t, "tcp"), got: make(chan struct{}), pass: make(chan struct{})}
	var tl tally
	l := newListener(inner, 0, &tl, func(int) {}, immediately)
	l.open()
	got := accepting(l)
	dial(t, inner)
	next(t, inner.got, "accept(2)")
	l.drain(false)
	none := tl.none()
	select {
	case <-none:
		t.Fatal("the drain is finished although a connection was accepted")
	default:
	}
	close(inner.pass)
	a := next(t, got, "the connection")
	must(t, a.err)
	silent(t, none, "the drain is finished although a connection is open")
	a.conn.Close()
	next(t, none, "the end of the drain")
}

// slowStream stops between the kernel's accept and its return.
type slowStream struct {
	stream
	got, pass chan struct{}
}

func (s *slowStream) Accept() (net.Conn, error) {
	c, err := s.stream.Accept()
	close(s.got)
	<-s.pass
	return c, err
}

func TestErrorsOfTheSocketAreReturned(t *testing.T) {
	want := errors.New("too many open files")
	var tl tally
	l := newListener(brokenStream{bind(t, "tcp"), want}, 0, &tl, func(int) {}, nil)
	l.open()
	if _, err := l.Accept(); err != want {
		t.Fatalf("Accept = %v; want %v", err, want)
	}
	if tl.sources != 0 {
		t.Fatalf("%d sources are counted; want none", tl.sources)
	}
}

type brokenStream struct {
	stream
	err error
}

func (s brokenStream) Accept() (net.Conn, error) { return nil, s.err }

func TestConnectionsKeepTheKernelsWays(t *testing.T) {
	s := bind(t, "tcp")
	var tl tally
	l := shared(t, s, &tl, nil)
	l.open()
	client := dial(t, s)
	a := next(t, accepting(l), "a connection")
	must(t, a.err)
	defer a.conn.Close()
	if _, ok := a.conn.(io.ReaderFrom); !ok {
		t.Errorf("%T is no io.ReaderFrom: sendfile is lost", a.conn)
	}
	if _, ok := a.conn.(io.WriterTo); !ok {
		t.Errorf("%T is no io.WriterTo: splice is lost", a.conn)
	}
	if _, ok := a.conn.(interface{ CloseWrite() error }); !ok {
		t.Errorf("%T has no CloseWrite", a.conn)
	}
	f, err := os.CreateTemp(t.TempDir(), "")
	must(t, err)
	defer f.Close()
	must(t, f.Truncate(4<<20))
	sent := make(chan error, 1)
	go func() {
		_, err := io.Copy(a.conn, f)
		sent <- errors.Join(err, a.conn.Close())
	}()
	n, err := io.Copy(io.Discard, client)
	if err != nil || n != 4<<20 {
		t.Fatalf("%d bytes came, %v; want %d", n, err, 4<<20)
	}
	must(t, next(t, sent, "the copy"))
}
