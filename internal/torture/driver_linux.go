package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// A driver carries a schedule out.
type driver struct {
	host      *host
	story     *story
	clients   *clients
	chronicle *chronicle
	report    *report

	readFrom int64 // of the runs
	runs     []run
	acts     sync.WaitGroup
	mu       sync.Mutex // of the report
}

// drive carries steps out until next returns none or ctx ends.
func drive(ctx context.Context, root bool, s *story, seed uint64, next func() (step, bool)) (*report, error) {
	h, err := newHost(root, s, seed)
	if err != nil {
		return nil, err
	}
	defer h.remove()
	d := &driver{host: h, story: s, report: newReport(seed)}
	managed := make(chan struct{})
	go func() {
		defer close(managed)
		h.manage()
	}()
	defer func() { // whatever went wrong: nothing is left
		for !closed(managed) {
			h.end()
			select {
			case <-managed:
			case <-time.After(100 * time.Millisecond): // one may have been started meanwhile
			}
		}
	}()
	if !h.await("accepts", func() error { _, err := h.now(); return err }) {
		return d.close(), nil
	}
	if d.clients, err = startClients(ctx, h.address); err != nil {
		return nil, err
	}
	defer d.clients.stop()
	d.chronicle = follow(h)
	defer d.chronicle.end()
	d.calm()
	for ctx.Err() == nil && s.violation() == nil {
		one, ok := next()
		if !ok {
			break
		}
		d.step(ctx, one)
	}
	d.finish()
	return d.close(), nil
}

// step begins a step, and returns when the next one may begin.
func (d *driver) step(ctx context.Context, one step) {
	d.story.say("step %d: %s %s %s", one.Index, one.Kind, one.Victim, one.Fault)
	d.mu.Lock()
	d.report.Steps = append(d.report.Steps, one)
	d.mu.Unlock()
	d.acts.Go(func() {
		err := d.host.act(one)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.report.count(one, err)
		switch {
		case errors.Is(err, errSkipped):
			d.story.say("step %d %v", one.Index, err)
		case err != nil:
			d.story.violated("driver", "step %d, %s: %v", one.Index, one.Kind, err)
		}
	})
	timer := time.NewTimer(one.Pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-d.story.stop:
	}
	d.host.checkAfterStep(d.chronicle)
	if one.Calm {
		d.calm()
	}
}

func (d *driver) calm() {
	d.acts.Wait() // each is bounded
	d.host.calm(d.chronicle, d)
}

// finish asks for one thing more: that a good release is taken, whatever has been. On
// a busy machine one may not be ready in time, so it is offered again as another one.
func (d *driver) finish() {
	d.calm()
	if d.story.violation() != nil {
		return
	}
	var final *published
	var offered, asked time.Time
	const again = 4 * readyTimeout
	d.host.await("upgrades", func() (err error) {
		if final == nil || time.Since(offered) > again {
			offered = time.Now()
			if final, err = d.host.publish(plan{Version: "final " + offered.Format(time.TimeOnly)}); err != nil {
				return err
			}
		}
		if digest, err := d.host.installed(); err != nil || digest == final.digest {
			return err
		}
		if time.Since(asked) > 2*time.Second {
			asked = time.Now()
			d.askForUpgrade()
		}
		return errors.New("a good release is not installed")
	})
	d.calm()
	d.host.await("succession", func() error {
		err := d.chronicle.look()
		committed := d.chronicle.newest(admin.Committed).ID
		if err == nil && max(d.chronicle.newest(admin.Succeeded).ID, d.chronicle.newest(admin.Stays).ID) < committed {
			err = errors.New("the master has not been replaced by what is installed, and has not said why")
		}
		return err
	})
}

// askForUpgrade has the source asked now; a conflict means that it is under way.
func (d *driver) askForUpgrade() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	d.host.admin.Release(ctx, admin.Order{})
	d.host.admin.Upgrade(ctx, admin.Order{Reason: "the last one"})
}

// close ends everything and completes the report.
func (d *driver) close() *report {
	d.acts.Wait()
	if d.clients != nil {
		d.clients.stop()
		d.report.Requests = d.clients.requests()
	}
	if d.story.violation() == nil {
		d.judgeFailures()
		d.host.stop()
	}
	d.complete()
	return d.report
}

// stop ends the service in good order.
func (h *host) stop() {
	l, err := h.now()
	if err != nil {
		h.story.violated("stops", "at the end: %v", err)
		return
	}
	if err := h.endMaster(l, syscall.SIGTERM, true); err != nil {
		h.story.violated("stops", "%v", err)
		return
	}
	if code := l.cmd.ProcessState.ExitCode(); code != 0 {
		h.story.violated("stops", "the master ended with code %d, want 0", code)
	}
	h.await("stops", func() error {
		if left := session(l.pid); len(left) > 0 {
			return fmt.Errorf("after the end %d processes are left", len(left))
		}
		return nil
	})
}

// end kills whatever is left of the service.
func (h *host) end() {
	h.mu.Lock()
	h.ends = true
	for _, l := range h.lives {
		l.expected = true
	}
	lives := h.lives
	h.mu.Unlock()
	for _, l := range lives {
		for _, p := range session(l.pid) {
			if v, err := take(p.pid, l.pid); err == nil {
				v.signal(syscall.SIGKILL)
				v.close()
			}
		}
	}
}
