//go:build unix

package master

import (
	"sync"
	"time"
)

// A disk does what has to be written, one thing after the other and beside the
// owner: a slow disk must not hold up a restart.
type disk struct {
	mu     sync.Mutex
	queue  []func()
	busy   bool
	closed bool
	idle   *sync.Cond
}

func newDisk() *disk {
	d := &disk{}
	d.idle = sync.NewCond(&d.mu)
	return d
}

// do queues a function. After close it is dropped.
func (d *disk) do(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	d.queue = append(d.queue, f)
	if !d.busy {
		d.busy = true
		go d.work()
	}
}

func (d *disk) work() {
	for {
		d.mu.Lock()
		if len(d.queue) == 0 {
			d.busy = false
			d.idle.Broadcast()
			d.mu.Unlock()
			return
		}
		f := d.queue[0]
		d.queue = d.queue[1:]
		d.mu.Unlock()
		f()
	}
}

// still reports whether nothing is being done, or to be done.
func (d *disk) still() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.busy
}

// close takes nothing more and waits until all that was queued is done, or the
// timeout has passed.
func (d *disk) close(timeout time.Duration) {
	late := false
	timer := time.AfterFunc(timeout, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		late = true
		d.idle.Broadcast()
	})
	defer timer.Stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for d.busy && !late {
		d.idle.Wait()
	}
}
