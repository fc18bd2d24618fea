package trial

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/bench/contestant"
	"github.com/seed-3d078585/overseer/bench/internal/load"
	"github.com/seed-3d078585/overseer/bench/internal/result"
	"github.com/seed-3d078585/overseer/bench/internal/rivals"
)

// handovers puts each contestant under each load and restarts it again and
// again.
func (t *Trials) handovers(ctx context.Context) error {
	for i, c := range rivals.List() {
		if !strings.Contains(c.Name(), t.Only) {
			continue
		}
		entry := result.Contestant{Name: c.Name(), Version: c.Version(), Proxy: c.Abilities().Proxy}
		if err := c.Available(); err != nil {
			entry.Skipped = err.Error()
			t.report.Contestants = append(t.report.Contestants, entry)
			continue
		}
		t.report.Contestants = append(t.report.Contestants, entry)
		for _, mode := range load.Modes {
			t.Say("%s: %s", c.Name(), mode)
			h, ok, err := t.handover(ctx, c, mode, i == 0)
			if err != nil {
				t.problem("%s, %s: %v", c.Name(), mode, err)
			}
			if ok {
				t.report.Handovers = append(t.report.Handovers, h)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}

// after is how long a handover's window goes on after the new generation has
// answered first.
const after = 100 * time.Millisecond

// A window is what counts as the time of a handover, since the load began.
type window struct{ from, to time.Duration }

func (t *Trials) handover(ctx context.Context, c contestant.Contestant, mode load.Mode, own bool) (h result.Handover, ok bool, err error) {
	place, err := t.place(c.Name())
	if err != nil {
		return h, false, err
	}
	place.Lines = mode == load.RawTCP
	to, can := address(place, c, mode)
	if !can {
		return h, false, nil
	}
	if err := c.Start(ctx, place); err != nil {
		return h, false, err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	pace := t.Amount.Paces[mode]
	h = result.Handover{Contestant: c.Name(), Mode: string(mode), Rate: pace.Rate, Failures: map[string]int{}}
	l := load.Start(ctx, load.Config{Address: to, Mode: mode, Clients: pace.Clients, Rate: pace.Rate, Timeout: 10 * time.Second})
	began := time.Now()
	pause(ctx, t.Amount.Steady)
	steady := window{t.Amount.Steady / 10, time.Since(began)} // the first tenth warms up
	var windows []window
	if c.Abilities().Handover {
		windows, err = t.restarts(ctx, c, began, own, pace)
		if err != nil {
			h.Unfinished = err.Error()
			err = fmt.Errorf("%w; it has said: %s", err, outputOf(place))
		}
	}
	count(&h, l.Stop(), steady, windows)
	return h, true, err
}

// restarts returns the windows of the handovers that were carried out. An error
// is of the one after them.
func (t *Trials) restarts(ctx context.Context, c contestant.Contestant, began time.Time, own bool, pace Pace) (windows []window, err error) {
	a := t.Amount
	wanted, longest := a.Handovers, a.Longest
	if own {
		wanted, longest = a.OwnHandovers, a.OwnLongest
	}
	ctx, cancel := context.WithTimeout(ctx, longest+time.Minute)
	defer cancel()
	first := time.Now()
	enough := func() bool {
		if time.Since(first) > longest {
			return true
		}
		due := time.Since(began).Seconds() * pace.Rate * 0.98 // some may wait for their turn
		return len(windows) >= wanted && (!own || due >= float64(a.OwnRequests))
	}
	for !enough() {
		from := time.Since(began)
		if err := c.Trigger(); err != nil {
			return windows, fmt.Errorf("trigger handover %d: %w", len(windows)+1, err)
		}
		if err := c.Wait(ctx); err != nil {
			return windows, fmt.Errorf("wait for handover %d: %w", len(windows)+1, err)
		}
		settled := time.Since(began)
		windows = append(windows, window{from, settled + after})
		pause(ctx, max(after, a.Interval-(settled-from)))
	}
	return windows, nil
}

// count sorts a log.
func count(h *result.Handover, log load.Log, steady window, windows []window) {
	h.Requests, h.IdleClosed, h.Announced, h.Handovers = len(log.Records), log.IdleClosed, log.Announced, len(windows)
	var calm, busy []load.Record
	for _, r := range log.Records {
		if r.Kind != load.Good {
			h.Failures[r.Kind.String()]++
		}
		if steady.has(r) {
			calm = append(calm, r)
		}
		after := sort.Search(len(windows), func(i int) bool { return windows[i].from > r.Due })
		if after > 0 && windows[after-1].has(r) {
			busy = append(busy, r)
		}
	}
	h.Steady, h.Window = quantiles(calm), quantiles(busy)
	h.FirstOfNew, h.LastOfOld = turns(log.Records, windows)
}

func (w window) has(r load.Record) bool { return r.Due >= w.from && r.Due < w.to }

// turns tells when the first answer of the new generation came, and the last one
// of those before, in seconds since the trigger. Versions tell which is which.
func turns(records []load.Record, windows []window) (first, last result.Spread) {
	type life struct{ first, last time.Duration }
	lives := map[string]*life{}
	for _, r := range records {
		if r.Kind != load.Good || r.Version == "" {
			continue
		}
		at := r.Due + r.Latency
		l := lives[r.Version]
		if l == nil {
			l = &life{at, at}
			lives[r.Version] = l
		}
		l.first, l.last = min(l.first, at), max(l.last, at)
	}
	var firsts, lasts []float64
	for i, w := range windows {
		end := time.Duration(1<<63 - 1)
		if i+1 < len(windows) {
			end = windows[i+1].from
		}
		var new, old time.Duration = end, 0
		for _, l := range lives {
			switch {
			case l.first >= w.from && l.first < end:
				new = min(new, l.first)
			case l.first < w.from && l.last >= w.from:
				old = max(old, min(l.last, end))
			}
		}
		if new != end {
			firsts = append(firsts, (new - w.from).Seconds())
		}
		if old != 0 && old != end {
			lasts = append(lasts, (old - w.from).Seconds())
		}
	}
	return spread(firsts), spread(lasts)
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
