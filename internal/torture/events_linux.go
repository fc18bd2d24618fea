package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// A chronicle is the events of all masters.
type chronicle struct {
	host *host

	mu    sync.Mutex
	last  admin.Event // the newest one
	life  *life       // of the master that told it
	count map[admin.Kind]int
	all   []admin.Event

	stop, done chan struct{}
}

func follow(h *host) *chronicle {
	c := &chronicle{host: h, count: map[admin.Kind]int{}, stop: make(chan struct{}), done: make(chan struct{})}
	go c.run()
	return c
}

func (c *chronicle) run() {
	defer close(c.done)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.look()
		case <-c.stop:
			return
		}
	}
}

func (c *chronicle) end() {
	close(c.stop)
	<-c.done
}

// look takes in what is new, and checks that there is no gap: over all that the
// master replaces itself with; over masters, but for what a bad disk could not keep
// and what one that was killed had not written.
func (c *chronicle) look() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, err := c.host.now()
	if err != nil {
		return err
	}
	after := c.last.ID
	if l != c.life {
		after = 0
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	events, known, err := c.host.admin.Events(ctx, after, 1000)
	if err != nil {
		return err
	}
	if again, err := c.host.now(); err != nil || again != l {
		return err // who has answered is not known
	}
	if l == c.life && !known {
		c.host.story.violated("events", "events after %d are missing", after)
	}
	for i, e := range events {
		e.Time = c.host.unskewed(e.Time)
		previous := c.last.ID
		if l != c.life {
			previous = e.ID - 1 // the list may begin anywhere
			if i > 0 {
				previous = events[i-1].ID
			}
		}
		if e.ID != previous+1 && !(l != c.life && c.host.diskWasBad() && e.ID > previous) {
			c.host.story.violated("events", "event %d comes after event %d", e.ID, previous)
		}
		if l != c.life && !e.Time.After(c.last.Time) {
			continue // another master has told it
		}
		c.last = e
		c.take(e)
	}
	if n := len(events); n > 0 {
		c.last = events[n-1]
		c.last.Time = c.host.unskewed(c.last.Time)
		c.life = l
	}
	return nil
}

func (h *host) diskWasBad() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.badDisk > 0
}

// take takes one event in.
func (c *chronicle) take(e admin.Event) {
	h := c.host
	c.count[e.Kind]++
	c.all = append(c.all, e)
	name, bad := short(e.Release), none
	if r := h.release(e.Release); r != nil {
		name, bad = r.Version, r.Fault
	} else if e.Release != "" {
		h.story.violated("installed", "event %d is about release %s, which nobody has published", e.ID, e.Release)
	}
	reason, _, _ := strings.Cut(e.Reason, "\n")
	h.story.say("  event %d %s generation=%d pid=%d %s %s", e.ID, e.Kind, e.Generation, e.PID, name, reason)
	if bad.isForgery() && e.Release != "" {
		h.story.violated("trust", "release %s, which is %s, was let in: event %d, %s", name, bad, e.ID, e.Kind)
	}
	switch e.Kind {
	case admin.Committed:
		h.hasInstalled.Store(true)
		if bad != none {
			h.story.violated("installed", "release %s was installed although it %s", name, bad)
		}
	case admin.Exited:
		if bad == none && !h.isTouched(e.PID) {
			h.story.violated("lives", "generation %d of release %s ended although nothing was done to it: %s", e.Generation, name, e.Reason)
		}
	case admin.Killed:
		if bad == none && !h.isTouched(e.PID) {
			h.story.violated("drains", "generation %d of release %s was killed although nothing was done to it: %s", e.Generation, name, e.Reason)
		}
		h.mu.Lock()
		h.harms = append(h.harms, &harm{What: "kill by the master", From: e.Time.Add(-time.Second), To: e.Time, Cuts: true})
		h.mu.Unlock()
	}
}

func short(digest string) string { return digest[:min(len(digest), 12)] }
