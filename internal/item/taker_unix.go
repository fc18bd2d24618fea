//go:build unix

package item

import (
	"fmt"
	"net"
	"os"
	"slices"
	"sync"

	"github.com/seed-3d078585/overseer/internal/handover"
)

// maxQueue bounds the items that wait for the program, of all ways together.
const maxQueue = 16 * Window

// A Taker has the items that other generations hand to this one. The zero value
// has none; its methods may be called by many goroutines.
type Taker struct {
	mu     sync.Mutex
	queue  []arrival     // oldest first
	closed bool          // this generation drains itself
	change chan struct{} // closed when one of these changes; nil while nobody waits
}

// arrival is an item that the program has not taken yet.
type arrival struct {
	way   *incoming
	msg   handover.Item
	files []*os.File
}

// Take returns the next item, or else what to wait for before the next call. Its
// error matches [net.ErrClosed]. It does not block.
func (t *Taker) Take() (it Item, wait <-chan struct{}, err error) {
	for {
		a, wait, err := t.next()
		if wait != nil || err != nil {
			return Item{}, wait, err
		}
		if it, ok := a.take(); ok {
			return it, nil, nil
		}
	}
}

func (t *Taker) next() (a arrival, wait <-chan struct{}, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.queue) == 0 {
		if t.closed {
			return a, nil, fmt.Errorf("this generation drains and inherits no more: %w", net.ErrClosed)
		}
		if t.change == nil {
			t.change = make(chan struct{})
		}
		return a, t.change, nil
	}
	a = t.queue[0]
	t.queue = slices.Delete(t.queue, 0, 1)
	return a, nil, nil
}

// take makes an item of an arrival. It is confirmed before the program sees it:
// where that fails, the other side still has it.
func (a arrival) take() (Item, bool) {
	it, err := unpack(a.msg, a.files)
	if err != nil {
		a.way.refuse(a.msg.ID, err.Error(), false)
		return Item{}, false
	}
	if err := a.way.confirm(a.msg.ID); err != nil {
		it.Close()
		return Item{}, false
	}
	return it, true
}

// Close sends back what the program has not taken, and whatever comes after it.
// What a generation that is gone has left is not sent back: Take still has it.
func (t *Taker) Close() {
	t.mu.Lock()
	t.closed = true
	var back []arrival
	t.queue = slices.DeleteFunc(t.queue, func(a arrival) bool {
		if !a.way.held {
			back = append(back, a)
		}
		return !a.way.held
	})
	t.changedLocked()
	t.mu.Unlock()
	for _, a := range back {
		a.sendBack()
	}
}

func (a arrival) sendBack() {
	closeAll(a.files)
	a.way.refuse(a.msg.ID, "it drains itself, or has too many", true)
}

// add takes an arrival in, or sends it back.
func (t *Taker) add(a arrival) {
	t.mu.Lock()
	back := !a.way.held && (t.closed || len(t.queue) >= maxQueue)
	if !back {
		t.queue = append(t.queue, a)
		t.changedLocked()
	}
	t.mu.Unlock()
	if back {
		a.sendBack()
	}
}

// remove takes an arrival out again; false means that the program has it.
func (t *Taker) remove(way *incoming, id int) (arrival, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.queue, func(a arrival) bool { return a.way == way && a.msg.ID == id })
	if i < 0 {
		return arrival{}, false
	}
	a := t.queue[i]
	t.queue = slices.Delete(t.queue, i, i+1)
	return a, true
}

// removeAll takes out all that came on a way.
func (t *Taker) removeAll(way *incoming) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.queue = slices.DeleteFunc(t.queue, func(a arrival) bool {
		if a.way == way {
			closeAll(a.files)
		}
		return a.way == way
	})
}

func (t *Taker) changedLocked() {
	if t.change != nil {
		close(t.change)
		t.change = nil
	}
}
