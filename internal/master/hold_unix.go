//go:build unix

package master

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/store"
)

// A hold keeps releases from being fetched and tried. It is on the disk before
// anybody is told that it is there.
type hold struct {
	changing sync.Mutex // held from the writing of a change until it counts

	now   *admin.Hold // nil: there is none
	timer *time.Timer // for its end; nil: it has none
	held  atomic.Bool // for those beside the owner
}

func (h *hold) shown() *admin.Hold {
	if h.now == nil {
		return nil
	}
	now := *h.now
	return &now
}

// IsHeld reports whether nothing is to be fetched for now. It may be called by
// any goroutine.
func (m *Master) IsHeld() bool { return m.hold.held.Load() }

// readHold takes what an earlier master has on record.
func (m *Master) readHold() {
	if m.cfg.Store == nil {
		return
	}
	h, held, err := m.cfg.Store.Held()
	if err != nil {
		m.cfg.Log.Warn("could not read whether upgrades are held", "error", err)
	}
	if held {
		m.setHold(shownHold(h))
	} else if m.machine.Snapshot().Held {
		m.setHold(nil) // the time was over between two masters
	}
}

func shownHold(h store.Held) *admin.Hold {
	now := &admin.Hold{Since: h.Since, Reason: h.Reason, Actor: h.Actor}
	if !h.Until.IsZero() {
		now.Until = &h.Until
	}
	return now
}

// setHold is the owner's; nil ends the hold.
func (m *Master) setHold(now *admin.Hold) {
	h := &m.hold
	if h.timer != nil {
		h.timer.Stop()
		h.timer = nil
	}
	h.now = now
	h.held.Store(now != nil)
	if now != nil && now.Until != nil {
		h.timer = time.AfterFunc(time.Until(*now.Until), func() {
			m.call(func() {
				if h.now == now {
					m.holdOver()
				}
			})
		})
	}
	m.step(machine.Held{On: now != nil})
}

// holdOver ends a hold whose time has passed. Its record says so by itself.
func (m *Master) holdOver() {
	m.tellOrder(admin.Released, admin.Order{Reason: "its time is over"}, "")
	m.setHold(nil)
}

func (c console) Hold(ctx context.Context, o admin.Order, until time.Time) error {
	m := c.m
	if m.cfg.Store == nil {
		return &admin.Conflict{Reason: "there are no upgrades to hold"}
	}
	now := time.Now().UTC().Round(0)
	if !until.IsZero() && !until.After(now) {
		return &admin.Conflict{Reason: "the end of the hold is in the past"}
	}
	h := store.Held{Since: now, Until: until, Reason: o.Reason, Actor: o.Actor}
	return c.changeHold(ctx, o, h, admin.Held, shownHold(h))
}

func (c console) Release(ctx context.Context, o admin.Order) error {
	m := c.m
	if m.cfg.Store == nil || !m.IsHeld() {
		return &admin.Conflict{Reason: "upgrades are not held"}
	}
	return c.changeHold(ctx, o, store.Held{}, admin.Released, nil)
}

// changeHold writes a hold down, and then has it count: one change after the other,
// so that the record and what is shown are of the same one. What would be refused
// is not written.
func (c console) changeHold(ctx context.Context, o admin.Order, record store.Held, kind admin.Kind, now *admin.Hold) error {
	m := c.m
	m.hold.changing.Lock()
	defer m.hold.changing.Unlock()
	if err := c.order(ctx, o, func() string { return "" }); err != nil {
		return err
	}
	if err := m.cfg.Store.SetHeld(record); err != nil {
		return err
	}
	o.Generation = 0 // that was looked at; another one may be live by now
	return c.order(context.WithoutCancel(ctx), o, func() string {
		m.tellOrder(kind, o, "")
		m.setHold(now)
		return ""
	})
}
