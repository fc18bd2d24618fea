package main

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// await polls for what should come about and is not timed.
func (h *host) await(promise string, what func() error) bool {
	return h.awaitFor(patience, promise, what)
}

func (h *host) awaitFor(bound time.Duration, promise string, what func() error) bool {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(bound)
	for {
		err := what()
		if err == nil {
			return true
		}
		select {
		case <-tick.C:
		case <-h.story.stop:
			return false
		case <-late:
			h.story.violated(promise, "not within %v: %v", bound, err)
			return false
		}
	}
}

// calm waits until nothing is under way, and checks all promises.
func (h *host) calm(c *chronicle, d *driver) {
	if !h.await("calm", func() error { return h.isCalm() }) {
		return
	}
	l, err := h.now()
	if err == nil && l.onBad { // without a socket: it is started anew
		h.endMaster(l, syscall.SIGTERM, false)
		if !h.await("calm", func() error { return h.isCalm() }) {
			return
		}
	}
	const bound = 4 * terminateTimeout
	ok := h.awaitFor(bound, "restarts", func() error { return h.restartsAreDone(c) }) &&
		h.awaitFor(bound, "left over", h.nothingIsLeft) &&
		h.awaitFor(bound, "events", c.look)
	if !ok {
		return
	}
	h.checkAfterStep(c)
	d.judgeRuns(c)
	d.judgeFailures()
}

// isCalm says what is under way.
func (h *host) isCalm() error {
	l, err := h.now()
	if err != nil || l.onBad {
		return err
	}
	st, err := h.status()
	switch {
	case err != nil:
		return fmt.Errorf("the status cannot be had: %w", err)
	case st.Condition != admin.Serving || st.Operation != nil || len(st.Generations) != 1:
		return fmt.Errorf("the service is not at rest: %s", describe(st))
	}
	return nil
}

// restartsAreDone checks that a generation was started after each restart that was
// asked for; of the release that waited, perhaps, and that one may have failed. It may
// have been asked of a master that was killed since.
func (h *host) restartsAreDone(c *chronicle) error {
	l, err := h.now()
	if err != nil {
		return err
	}
	if err := errors.Join(h.isCalm(), c.look()); err != nil {
		return err
	}
	started := c.newest(admin.Starting)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.asked {
		if a.life == l && started.Time.Before(a.at) {
			return fmt.Errorf("a restart was asked for %v ago, and generation %d, the last one, was started %v before that",
				time.Since(a.at).Round(time.Millisecond), started.Generation, a.at.Sub(started.Time).Round(time.Millisecond))
		}
	}
	h.asked = nil
	return nil
}

// nothingIsLeft checks processes, descriptors and files.
func (h *host) nothingIsLeft() error {
	l, err := h.now()
	if err != nil {
		return err
	}
	st, err := h.status()
	if err != nil {
		return err
	}
	known := map[int]bool{l.pid: true}
	for _, g := range st.Generations {
		known[g.PID] = true
	}
	h.mu.Lock()
	lives := h.lives
	h.mu.Unlock()
	for _, one := range lives {
		for _, p := range session(one.pid) {
			if !known[p.pid] {
				return fmt.Errorf("process %d (parent %d, state %c) of master %d is left over; the service is %s", p.pid, p.parent, p.state, one.pid, describe(st))
			}
		}
	}
	open := 0
	kinds := descriptors(l.pid)
	for _, n := range kinds {
		open += n
	}
	if l.files == 0 {
		l.files = open
	}
	const some = 12
	if open > l.files+some {
		return fmt.Errorf("the master has %d descriptors open, %d when all was calm first: %v", open, l.files, kinds)
	}
	if stray := h.stray(l, st.Waiting != nil); len(stray) > 0 {
		return fmt.Errorf("files are left over: %q", stray)
	}
	return h.reap()
}

// reap waits for the orphans of dead masters, which have become ours where this
// process is the first one.
func (h *host) reap() error {
	h.mu.Lock()
	ours := map[int]bool{}
	for _, l := range h.lives {
		ours[l.pid] = true
	}
	h.mu.Unlock()
	for _, p := range zombies() {
		if !ours[p] {
			if _, err := syscall.Wait4(p, nil, syscall.WNOHANG, nil); err != nil && !errors.Is(err, syscall.ECHILD) {
				return err
			}
		}
	}
	return nil
}
