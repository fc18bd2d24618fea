package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// errSkipped is returned by a step that had nothing to be done to.
var errSkipped = errors.New("skipped")

func skipped(why any) error { return fmt.Errorf("%w: %v", errSkipped, why) }

// act carries a step out, and returns when it is over.
func (h *host) act(s step) error {
	l, err := h.now()
	if err != nil {
		return skipped(err)
	}
	if s.During {
		if err := h.begin(s); err != nil {
			return err
		}
	}
	time.Sleep(s.Moment) // the moment is what the seed has chosen
	switch s.Kind {
	case restartBySignal:
		h.asks(l)
		return asSkipped(syscall.Kill(l.pid, syscall.SIGUSR2))
	case restartByOrder:
		return h.order(func(ctx context.Context) error {
			at := time.Now()
			_, err := h.admin.Restart(ctx, admin.Order{Reason: "torture"})
			if err == nil {
				h.mu.Lock()
				h.asked = append(h.asked, ask{at, l})
				h.mu.Unlock()
			}
			return err
		})
	case upgrade:
		if err := h.canForge(s.Fault); err != nil {
			return err
		}
		_, err := h.publish(plan{Version: version(s), Fault: s.Fault})
		return err
	case sameAgain:
		h.mu.Lock()
		bad := h.lastBad
		h.mu.Unlock()
		if bad == nil {
			return skipped("no release was bad so far")
		}
		return h.offer(bad)
	case rollbackStandby, rollbackPrevious, hold, forget:
		return h.operate(s)
	case killing:
		return h.kill(s)
	case stopping:
		return h.freeze(s)
	case ending:
		return h.endMaster(l, syscall.SIGTERM, false)
	case storm:
		return h.storm(s, l)
	case fullDisk, readOnly, frozenDisk:
		return h.spoilDisk(s)
	case fewFiles, noMemory:
		return h.limit(s)
	case clockJump:
		return h.jump(s)
	case sourceHangs, sourceSlow, sourceDead:
		return h.spoilSource(s)
	}
	return fmt.Errorf("a step of an unknown kind: %q", s.Kind)
}

func version(s step) string { return fmt.Sprintf("v%d", s.Index) }

func asSkipped(err error) error {
	if err != nil {
		return skipped(err)
	}
	return nil
}

func (h *host) asks(l *life) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, ask{time.Now(), l})
}

// begin publishes a good release and waits until it is on trial, or until it has
// begun; not for ever, as another step may be in the way.
func (h *host) begin(s step) error {
	r, err := h.publish(plan{Version: version(s)})
	if err != nil {
		return err
	}
	for until := time.Now().Add(5 * time.Second); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		st, err := h.status()
		if err != nil {
			continue
		}
		for _, g := range st.Generations {
			if g.Release.Digest == r.digest && (g.OnTrial || s.Number%3 == 0) {
				return nil
			}
		}
		if *h.offered.Load() != r.digest && (st.Waiting == nil || st.Waiting.Digest != r.digest) {
			return skipped("another release was published meanwhile")
		}
	}
	return skipped("the release was not tried in time")
}

func (h *host) digestOf(version string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.digests[version]
}

// order gives an order; that a master cannot do it now, or cannot be asked, is no
// failure.
func (h *host) order(give func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return asSkipped(give(ctx))
}

// operate does what an operator may order.
func (h *host) operate(s step) error {
	return h.order(func(ctx context.Context) (err error) {
		o := admin.Order{Reason: "torture"}
		switch s.Kind {
		case rollbackStandby:
			_, err = h.admin.Rollback(ctx, o, admin.ToStandby)
		case rollbackPrevious:
			_, err = h.admin.Rollback(ctx, o, admin.ToPrevious)
		case hold:
			if _, err = h.admin.Hold(ctx, o, time.Now().Add(time.Minute)); err != nil {
				return err
			}
			time.Sleep(s.For)
			_, err = h.admin.Release(ctx, o)
		case forget:
			var all []admin.Entry
			if all, err = h.admin.Quarantine(ctx); err == nil {
				if len(all) == 0 {
					return errors.New("nothing is quarantined")
				}
				_, err = h.admin.Forget(ctx, o, all[s.Number%len(all)].Digest)
			}
		}
		return err
	})
}

// storm sends many signals, none of which may end anything. They come with SIGURG,
// which is nobody's business.
func (h *host) storm(s step, l *life) error {
	v, err := take(l.pid, l.pid)
	if err != nil {
		return skipped(err)
	}
	defer v.close()
	r := rand.New(rand.NewPCG(uint64(s.Number), uint64(s.Index)))
	signals := []syscall.Signal{syscall.SIGUSR2, syscall.SIGHUP, syscall.SIGWINCH, syscall.SIGURG}
	for range 20 + s.Number%200 {
		one := signals[r.IntN(len(signals))]
		if one == syscall.SIGUSR2 {
			h.asks(l)
		}
		if err := v.signal(one); err != nil {
			return skipped(err)
		}
		time.Sleep(time.Duration(r.IntN(2000)) * time.Microsecond) // the storm's own pace
	}
	return nil
}

// spoilSource makes the source bad for a while.
func (h *host) spoilSource(s step) error {
	next := h.next()
	switch s.Kind {
	case sourceDead:
		os.Remove(next)
		if err := syscall.Mkfifo(next, 0o600); err != nil {
			return skipped(err) // another step has just published
		}
		time.Sleep(s.For)
		if info, err := os.Lstat(next); err == nil && !info.Mode().IsRegular() {
			os.Remove(next)
		}
		return nil
	case sourceSlow:
		if _, err := h.publish(plan{Version: version(s)}); err != nil {
			return err
		}
	}
	flag := filepath.Join(h.dir, "source-hangs")
	if s.Kind == sourceSlow {
		flag = filepath.Join(h.dir, "source-slow")
	}
	if err := os.WriteFile(flag, nil, 0o600); err != nil {
		return err
	}
	time.Sleep(s.For)
	if err := os.Remove(flag); err != nil && !errors.Is(err, os.ErrNotExist) { // another step's was the same
		return err
	}
	return nil
}
