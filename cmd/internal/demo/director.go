package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// A director plays the script. It belongs to one goroutine.
type director struct {
	screen  *screen
	shelf   *shelf
	process *process
	load    *load // nil until there is an address
	clock   *time.Ticker

	names   map[string]string // versions by their Release in events
	address string
	live    int            // the generation that serves
	version string         // what it runs
	running map[int]bool   // generations that have a process
	runs    map[int]string // what each generation runs, as far as known
	crash   time.Time      // of the version that crashes in service
	doomed  string         // the name of that version
	score   score
}

// newDirector returns a director whose clock runs; the caller stops it.
func newDirector(s *screen, shelf *shelf, p *process) *director {
	every := slowTick
	if s.inPlace {
		every = tick
	}
	d := &director{
		clock:   time.NewTicker(every),
		screen:  s,
		shelf:   shelf,
		process: p,
		names:   map[string]string{},
		running: map[int]bool{},
		runs:    map[int]string{},
	}
	d.know(digestOf(shelf.build(first)), first.version)
	d.doomed = named(rolledBack)[0]
	return d
}

// A score is what became of what was done.
type score struct {
	restarts, upgrades, refused, rolledBack int
}

// tick is how often the live line is rewritten; where lines stay, it is written
// each slowTick.
const (
	tick     = 250 * time.Millisecond
	slowTick = 5 * time.Second
)

var errEnded = errors.New("the service has ended")

// until goes on, with the screen kept up to date, until an event is the one that
// is waited for. With a nil one it goes on for the whole time, which then is no
// error.
func (d *director) until(ctx context.Context, what string, within time.Duration, one func(event) bool) error {
	late := time.NewTimer(within)
	defer late.Stop()
	for {
		select {
		case e := <-d.process.events:
			d.note(e)
			if one != nil && one(e) {
				return nil
			}
		case <-d.clock.C:
			d.redraw()
		case <-late.C:
			if one == nil {
				return nil
			}
			return fmt.Errorf("waited %v for this and it did not happen: %s", within, what)
		case <-d.process.ended:
			return fmt.Errorf("%w, which it should not (%v)", errEnded, d.process.err)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// pause lets the load run, and the reader read.
func (d *director) pause(ctx context.Context, t time.Duration) error { return d.until(ctx, "", t, nil) }

// seen is the traffic so far.
func (d *director) seen() traffic {
	if d.load == nil {
		return traffic{}
	}
	return d.load.seen(d.crash)
}

func (d *director) redraw() {
	if d.load == nil {
		return
	}
	t := d.seen()
	d.screen.status(fmt.Sprintf("%s live · generation %d · %s · %s requests · %s failed · p99 %s",
		d.version, d.live, count(len(d.running), "process"), thousands(t.requests), thousands(t.lost()), short(t.p99)))
}

// note keeps the books and tells what happened.
func (d *director) note(e event) {
	if e.Release != "" && d.names[e.Release] != "" && e.Generation != 0 {
		d.runs[e.Generation] = d.names[e.Release]
	}
	switch e.Kind {
	case messageServing:
		d.address = e.Address
	case kindStarting:
		d.running[e.Generation] = true
	case kindLive, kindTrial:
		d.live, d.version = e.Generation, d.runs[e.Generation]
	case kindGone, kindFailed:
		delete(d.running, e.Generation)
	case kindExited:
		delete(d.running, e.Generation)
		if d.doomed != "" && d.runs[e.Generation] == d.doomed {
			d.crash = e.Time
		}
	}
	d.tell(e)
}

// know gives the digest of a version its name.
func (d *director) know(digest release.Digest, name string) { d.names[digest.Short()] = name }
