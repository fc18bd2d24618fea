package admintest

import (
	"context"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// Emit tells an event. It gets the next ID, and the time of now where it has
// none, and is returned as it was told.
func (m *Master) Emit(e admin.Event) admin.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	e.ID = m.last
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	m.events = append(m.events, e)
	m.trimLocked()
	close(m.changed)
	m.changed = make(chan struct{})
	return e
}

// Keep sets how many of the newest events are kept: 1,000 at first.
func (m *Master) Keep(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keep = n
	m.trimLocked()
}

func (m *Master) trimLocked() {
	if over := len(m.events) - m.keep; over > 0 {
		m.events = m.events[over:] // append makes a new array from time to time
	}
}

// SetLast has the next event come after the given ID, as with a master that goes
// on where one before it ended. It is for a Master that has told none.
func (m *Master) SetLast(id uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = id
}

// End has all followers see [admin.ErrEnded] once they have had all events.
func (m *Master) End() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.isOver {
		m.isOver = true
		close(m.ended)
	}
}

// Events implements [admin.Master].
func (m *Master) Events(after uint64, limit int) ([]admin.Event, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls["Events"]++
	events, known := m.afterLocked(after)
	if limit < len(events) {
		events = events[len(events)-limit:]
	}
	return append([]admin.Event(nil), events...), known
}

// afterLocked returns the kept events after an ID, and whether they are all.
func (m *Master) afterLocked(after uint64) ([]admin.Event, bool) {
	first := m.last - uint64(len(m.events)) + 1 // ID of the first one kept
	if after+1 < first {
		return m.events, false
	}
	return m.events[min(after+1-first, uint64(len(m.events))):], true
}

// Follow implements [admin.Master].
func (m *Master) Follow(after uint64) admin.Follower {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls["Follow"]++
	return &follower{master: m, after: after}
}

type follower struct {
	master *Master
	after  uint64
}

func (f *follower) Next(ctx context.Context) (admin.Event, error) {
	for {
		f.master.mu.Lock()
		events, known := f.master.afterLocked(f.after)
		changed, isOver := f.master.changed, f.master.isOver
		f.master.mu.Unlock()
		switch {
		case !known:
			return admin.Event{}, admin.ErrBehind
		case len(events) > 0:
			f.after = events[0].ID
			return events[0], nil
		case isOver:
			return admin.Event{}, admin.ErrEnded
		}
		select {
		case <-changed:
		case <-f.master.ended:
		case <-ctx.Done():
			return admin.Event{}, ctx.Err()
		}
	}
}
