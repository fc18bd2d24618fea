//go:build unix

package item

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestEachKindArrives(t *testing.T) {
	for _, row := range []struct {
		name string
		item Item
		far  io.ReadWriteCloser // the other end, to which the item is asked to write
	}{
		{name: "nothing but a name", item: Item{Name: "ünïcode"}},
		{name: "no name", item: Item{Data: []byte("x")}},
		{name: "what fits into the message", item: Item{Data: bytesOf(inline)}},
		{name: "what just does not", item: Item{Data: bytesOf(inline + 1)}},
		{name: "as much as may be", item: Item{Name: strings.Repeat("n", MaxName), Data: bytesOf(MaxData)}},
		connection(t, "tcp"),
		connection(t, "unix"),
		datagrams(t),
		pipe(t),
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newHouse(t)
			var taker Taker
			h.live(1, &taker)
			got := taken(t, &taker)
			must(t, h.giver.Hand(t.Context(), row.item))
			row.item.Close() // as the caller does
			it := next(t, got)
			defer it.Close()
			if it.Name != row.item.Name || string(it.Data) != string(row.item.Data) {
				t.Fatalf("%q with %d bytes came, want %q with %d", it.Name, len(it.Data), row.item.Name, len(row.item.Data))
			}
			if (it.Conn != nil) != (row.item.Conn != nil) || (it.File != nil) != (row.item.File != nil) {
				t.Fatalf("came %+v, want %+v", it, row.item)
			}
			if row.far == nil {
				return
			}
			defer row.far.Close()
			var near io.Writer = it.Conn
			if it.File != nil {
				near = it.File
			}
			if _, err := io.WriteString(near, "hello"); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 5)
			if _, err := io.ReadFull(row.far, buf); err != nil || string(buf) != "hello" {
				t.Fatalf("the other end reads %q, %v", buf, err)
			}
		})
	}
}

type kind = struct {
	name string
	item Item
	far  io.ReadWriteCloser
}

func connection(t *testing.T, network string) kind {
	near, far := connected(t, network)
	return kind{name: "a connection of " + network, item: Item{Conn: near, Data: []byte("begun")}, far: far}
}

// connected is a pair of connections.
func connected(t *testing.T, network string) (near, far net.Conn) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = t.TempDir() + "/s"
	}
	l, err := net.Listen(network, address)
	must(t, err)
	defer l.Close()
	near, err = net.Dial(network, l.Addr().String())
	must(t, err)
	far, err = l.Accept()
	must(t, err)
	t.Cleanup(func() { near.Close(); far.Close() })
	must(t, far.SetDeadline(time.Now().Add(patience)))
	return near, far
}

func datagrams(t *testing.T) kind {
	far, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	t.Cleanup(func() { far.Close() })
	must(t, far.SetDeadline(time.Now().Add(patience)))
	near, err := net.Dial("udp", far.LocalAddr().String())
	must(t, err)
	t.Cleanup(func() { near.Close() })
	return kind{name: "a connected datagram socket", item: Item{Conn: near}, far: far}
}

func pipe(t *testing.T) kind {
	r, w, err := os.Pipe()
	must(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	return kind{name: "a file, with much data", item: Item{File: w, Data: bytesOf(1 << 20)}, far: r}
}

func TestWhatCannotBeHanded(t *testing.T) {
	near, far := connected(t, "tcp")
	for _, row := range []struct {
		name string
		item Item
		says string
		is   error
	}{
		{name: "a long name", item: Item{Name: strings.Repeat("n", MaxName+1)}, says: "257 bytes, more than 256"},
		{name: "a name that is no text", item: Item{Name: "\xff"}, says: `"\xff" is not UTF-8`},
		{name: "much data", item: Item{Data: bytesOf(MaxData + 1)}, says: "hand a file over instead"},
		{name: "two descriptors", item: Item{Conn: near, File: os.Stdin}, says: "two items"},
		{name: "TLS", item: Item{Conn: tls.Client(near, &tls.Config{})}, says: "a *tls.Conn cannot be moved", is: errors.ErrUnsupported},
		{name: "a wrapper", item: Item{Conn: struct{ *net.TCPConn }{near.(*net.TCPConn)}}, says: "cannot be moved", is: errors.ErrUnsupported},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := newHouse(t)
			var taker Taker
			h.live(1, &taker)
			err := h.giver.Hand(t.Context(), row.item)
			if err == nil || !strings.Contains(err.Error(), row.says) || row.is != nil && !errors.Is(err, row.is) {
				t.Fatalf("Hand = %v; want %q, %v", err, row.says, row.is)
			}
		})
	}
	alive(t, near, far)
}

// alive checks that a connection works, and is still read without blocking.
func alive(t *testing.T, near, far net.Conn) {
	t.Helper()
	must(t, near.SetDeadline(time.Now().Add(patience)))
	if _, err := io.WriteString(far, "ping"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4)
	if _, err := io.ReadFull(near, buf); err != nil || string(buf) != "ping" {
		t.Fatalf("read %q, %v", buf, err)
	}
	must(t, near.SetReadDeadline(time.Unix(1, 0))) // a descriptor that blocks would not notice
	if _, err := near.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Read with a deadline = %v", err)
	}
}

// An item that nobody takes is the caller's again when its context ends, as it
// was.
func TestItemThatNobodyTakesStays(t *testing.T) {
	h := newHouse(t)
	var taker Taker
	h.live(1, &taker)
	near, far := connected(t, "tcp")
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- h.giver.Hand(ctx, Item{Conn: near}) }()
	arrives(t, &taker)
	cancel()
	if err := next(t, result); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "State.Inherited") {
		t.Fatalf("Hand = %v; want a cancelled context, and the likely cause", err)
	}
	alive(t, near, far)
	if it, wait, err := taker.Take(); wait == nil || err != nil {
		t.Fatalf("Take = %+v, %v; want nothing: it was withdrawn", it, err)
	}
	got := taken(t, &taker)
	must(t, h.giver.Hand(t.Context(), Item{Name: "another"})) // the way is still good
	if it := next(t, got); it.Name != "another" {
		t.Fatalf("Take = %+v", it)
	}
}

// Where the other generation drains, or its process ends, the item goes to the
// one that goes on then.
func TestItemGoesElsewhere(t *testing.T) {
	for name, end := range map[string]func(*house, *Taker){
		"drains": func(_ *house, t *Taker) { t.Close() },
		"dies":   func(h *house, _ *Taker) { h.kill(1) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			var first, second Taker
			h.live(1, &first)
			near, far := connected(t, "tcp")
			result := make(chan error, 1)
			go func() { result <- h.giver.Hand(t.Context(), Item{Conn: near, Data: []byte("begun")}) }()
			arrives(t, &first)
			h.live(2, &second)
			got := taken(t, &second)
			end(h, &first)
			must(t, next(t, result))
			near.Close()
			it := next(t, got)
			if string(it.Data) != "begun" {
				t.Fatalf("Take = %+v", it)
			}
			alive(t, it.Conn, far)
			it.Close()
		})
	}
}

// A master that is replaced may lose a question: it is asked again.
func TestLostQuestionIsAskedAgain(t *testing.T) {
	h := newHouse(t)
	h.forgets = 1
	var taker Taker
	h.live(1, &taker)
	got := taken(t, &taker)
	must(t, h.giver.Hand(t.Context(), Item{Name: "late"}))
	if it := next(t, got); it.Name != "late" {
		t.Fatalf("Take = %+v", it)
	}
}

// Where the master says no, each item has its answer at once, however many ask.
func TestManyAreRefusedAtOnce(t *testing.T) {
	no := errors.New("the service ends")
	g := NewGiver(func(_ context.Context, end *os.File) (Answer, error) {
		end.Close()
		return Answer{}, no
	})
	results := make(chan error)
	const items = 2000 // some of which would be late, were there a pause for each
	for range items {
		go func() { results <- g.Hand(t.Context(), Item{}) }()
	}
	for range items {
		if err := next(t, results); !errors.Is(err, no) {
			t.Fatalf("Hand = %v; want %v", err, no)
		}
	}
}

// What is left for a generation to come is all there when Add returns, and no
// answer is waited for.
func TestItemsAreLeft(t *testing.T) {
	h := newHouse(t)
	h.hold()
	name := func(i int) string { return strings.Repeat("\x01", MaxName-1) + string(rune('0'+i)) } // long in JSON
	size := func(i int) int { return []int{inline, inline, inline, 1 << 20}[i%4] }
	for i := range Window {
		must(t, h.giver.Hand(t.Context(), Item{Name: name(i), Data: bytesOf(size(i))}))
	}
	if err := h.giver.Hand(t.Context(), Item{}); err == nil || !strings.Contains(err.Error(), "no more than 64") {
		t.Fatalf("Hand of one more = %v", err)
	}
	h.giver.way.conn.Close() // the process ends
	var taker Taker
	must(t, taker.Add(h.held, true))
	taker.Close() // what nobody else has is not sent back
	for i := range Window {
		it, wait, err := taker.Take()
		if wait != nil || err != nil || it.Name != name(i) || len(it.Data) != size(i) {
			t.Fatalf("Take = %q with %d bytes, %v", it.Name, len(it.Data), err)
		}
	}
	if _, _, err := taker.Take(); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("Take at the end = %v", err)
	}
}

// A file that does not block goes on so, on both sides: its flags are shared.
func TestDescriptorsStayAsTheyAre(t *testing.T) {
	h := newHouse(t)
	var taker Taker
	h.live(1, &taker)
	got := taken(t, &taker)
	r, w, err := os.Pipe()
	must(t, err)
	defer w.Close()
	must(t, h.giver.Hand(t.Context(), Item{File: r}))
	it := next(t, got)
	defer it.Close()
	raw, err := r.SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) {
		if flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK == 0 {
			t.Errorf("flags %#x, %v: the descriptor blocks", flags, err)
		}
	}))
	must(t, r.Close())
	must(t, it.File.SetReadDeadline(time.Unix(1, 0)))
	if _, err := it.File.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read = %v; want a passed deadline", err)
	}
}

// A generation that is stopped, and goes on when it is too late, has not taken
// what was withdrawn.
func TestStoppedTakerTakesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes as long as the wait for an answer")
	}
	t.Parallel()
	ends := make(chan *os.File, 1)
	g := NewGiver(func(_ context.Context, end *os.File) (Answer, error) {
		ends <- end
		return Answer{Heir: 1}, nil
	})
	near, far := connected(t, "tcp")
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := g.Hand(ctx, Item{Conn: near}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Hand = %v; want a passed deadline", err)
	}
	var taker Taker
	got := taken(t, &taker)
	w, err := newIncoming(&taker, next(t, ends), false)
	must(t, err)
	w.listen() // ends, as the other side has
	taker.Close()
	select {
	case it := <-got:
		t.Fatalf("taken %+v", it)
	default:
	}
	alive(t, near, far)
}
