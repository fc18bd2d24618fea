//go:build unix

package item

import (
	"bytes"
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds what must happen.
const patience = time.Minute

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func bytesOf(n int) []byte { return bytes.Repeat([]byte{0xfe}, n) }

// next waits for a value.
func next[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

// A house is a giver with a master that knows which generation goes on.
type house struct {
	t     testing.TB
	giver *Giver
	held  *os.File

	forgets int // so many questions are lost

	mu     sync.Mutex
	heir   int
	taker  *Taker
	holds  bool
	ends   map[int][]func() // what cuts the ways to a generation
	change chan struct{}
}

func newHouse(t testing.TB) *house {
	h := &house{t: t, ends: map[int][]func(){}, change: make(chan struct{})}
	h.giver = NewGiver(h.ask)
	return h
}

// live makes a generation the one that goes on.
func (h *house) live(generation int, taker *Taker) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heir, h.taker = generation, taker
	close(h.change)
	h.change = make(chan struct{})
}

func (h *house) hold() { h.holds = true }

// kill ends the ways to a generation as the end of its process does.
func (h *house) kill(generation int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, end := range h.ends[generation] {
		end()
	}
	h.ends[generation] = nil
}

func (h *house) ask(ctx context.Context, end *os.File) (Answer, error) {
	copied, err := duplicate(end)
	end.Close()
	if err != nil {
		return Answer{}, err
	}
	if h.forgets > 0 {
		h.forgets--
		copied.Close()
		<-ctx.Done()
		return Answer{}, context.Cause(ctx)
	}
	if h.holds {
		h.held = copied
		return Answer{Held: true}, nil
	}
	for {
		h.mu.Lock()
		if h.heir != 0 {
			defer h.mu.Unlock()
			w, err := newIncoming(h.taker, copied, false)
			if err != nil {
				return Answer{}, err
			}
			go w.listen()
			h.ends[h.heir] = append(h.ends[h.heir], func() { w.conn.Close() })
			return Answer{Heir: h.heir}, nil
		}
		change := h.change
		h.mu.Unlock()
		select {
		case <-change:
		case <-ctx.Done():
			copied.Close()
			return Answer{}, errors.Join(errors.New("no other generation"), context.Cause(ctx))
		}
	}
}

// duplicate is what the descriptor is after it has passed through the master.
func duplicate(f *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	return os.NewFile(uintptr(fd), f.Name()), err
}

// taken takes one item, in a goroutine that ends with the test.
func taken(t *testing.T, taker *Taker) <-chan Item {
	got := make(chan Item, 1)
	go func() {
		for {
			it, wait, err := taker.Take()
			if err != nil {
				return
			}
			if wait == nil {
				got <- it
				return
			}
			select {
			case <-wait:
			case <-t.Context().Done():
				return
			}
		}
	}()
	return got
}

// arrives waits until an item is there and not taken.
func arrives(t *testing.T, taker *Taker) {
	t.Helper()
	for deadline := time.After(patience); ; {
		taker.mu.Lock()
		n := len(taker.queue)
		if taker.change == nil {
			taker.change = make(chan struct{})
		}
		change := taker.change
		taker.mu.Unlock()
		if n > 0 {
			return
		}
		select {
		case <-change:
		case <-deadline:
			t.Fatal("no item arrives")
		}
	}
}
