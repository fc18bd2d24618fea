//go:build unix

package master

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/release"
)

// A console is the master as package admin sees it. Its methods are called by any
// goroutine; what they decide is decided by the owner, at one moment.
type console struct{ m *Master }

var _ admin.Master = console{}

func (c console) Status(ctx context.Context) (admin.Status, error) { return c.m.statusNow(ctx) }

func (c console) Sample(ctx context.Context) (admin.Sample, error) { return c.m.sample(ctx) }

func (c console) Events(after uint64, limit int) ([]admin.Event, bool) {
	return c.m.cfg.Journal.Events(after, limit)
}

func (c console) Follow(after uint64) admin.Follower { return c.m.cfg.Journal.Follow(after) }

func (c console) History(_ context.Context, limit int) ([]admin.Attempt, error) {
	return c.m.cfg.Journal.History(limit), nil
}

// order has the owner carry out what is asked for, where nothing speaks against
// it. do returns why it cannot be done, or nothing.
func (c console) order(ctx context.Context, o admin.Order, do func() (refusal string)) error {
	m, refusal := c.m, ""
	err := m.inOwner(ctx, func() {
		if live := int(m.machine.Snapshot().Live); o.Generation != 0 && o.Generation != live {
			refusal = fmt.Sprintf("generation %d is live by now, and not %d: look again", live, o.Generation)
			if live == 0 {
				refusal = fmt.Sprintf("no generation is live by now, and not %d: look again", o.Generation)
			}
			return
		}
		refusal = do()
	})
	if err == nil && refusal != "" {
		err = &admin.Conflict{Reason: refusal}
	}
	return err
}

func (c console) Restart(ctx context.Context, o admin.Order) error {
	return c.order(ctx, o, func() string {
		ev := machine.RestartAsked{By: o.Actor}
		if refusal := c.m.machine.Refuses(ev); refusal != "" {
			return refusal
		}
		c.m.take(admin.RestartAsked, o)
		c.m.step(ev)
		return ""
	})
}

func (c console) Upgrade(ctx context.Context, o admin.Order) error {
	return c.order(ctx, o, func() string { return c.m.upgrade(o) })
}

// upgrade tries the release that waits, else looks for one.
func (m *Master) upgrade(o admin.Order) (refusal string) {
	if h := m.hold.now; h != nil {
		return "upgrades are held " + heldBy(h)
	}
	if m.machine.Snapshot().Waiting != "" {
		if refusal := m.machine.Refuses(machine.TryAsked{}); refusal != "" {
			return refusal
		}
		m.take(admin.UpgradeAsked, o)
		m.step(machine.TryAsked{})
		return ""
	}
	if m.cfg.Looker == nil {
		return "there is no source of releases: set Config.Fetcher"
	}
	if refusal := m.machine.Refuses(machine.RestartAsked{Force: true}); refusal != "" {
		return refusal
	}
	m.take(admin.UpgradeAsked, o)
	m.ordered.looks = true
	m.cfg.Looker.Look()
	return ""
}

// heldBy says whose hold it is.
func heldBy(h *admin.Hold) string {
	text := "by " + h.Actor + " since " + h.Since.Format(time.RFC3339)
	if h.Until != nil {
		text += ", until " + h.Until.Format(time.RFC3339)
	}
	if h.Reason != "" {
		text += ": " + h.Reason
	}
	return text + "; release the hold first"
}

func (c console) Rollback(ctx context.Context, o admin.Order, to admin.Target) error {
	return c.order(ctx, o, func() string {
		if to == admin.ToPrevious {
			return c.m.goBack(o)
		}
		ev := machine.RollBackAsked{Why: askedBy(o)}
		if refusal := c.m.machine.Refuses(ev); refusal != "" {
			return refusal
		}
		c.m.take(admin.RollbackAsked, o)
		c.m.step(ev)
		return ""
	})
}

func askedBy(o admin.Order) string {
	text := "asked by " + o.Actor
	if o.Reason != "" {
		text += ": " + o.Reason
	}
	return text
}

// goBack has the program that was installed before staged and tried. The copying
// is done beside the owner.
func (m *Master) goBack(o admin.Order) (refusal string) {
	switch {
	case m.cfg.Store == nil:
		return "there are no upgrades, so nothing is kept to go back to"
	case m.reverting:
		return "a rollback is about to begin"
	}
	if refusal := m.machine.Refuses(machine.Reverted{}); refusal != "" {
		return refusal
	}
	if !m.cfg.Store.HasPrevious() {
		return "no previous program is kept"
	}
	m.take(admin.RollbackAsked, o)
	m.reverting = true
	m.disk.do(func() {
		st, err := m.cfg.Store.StagePrevious(m.ctx)
		if !m.call(func() { m.goneBack(st, err, askedBy(o)) }) && st != nil {
			st.Discard() // the next master's Recover finds what is left
		}
	})
	return ""
}

// goneBack goes on when the previous program is staged.
func (m *Master) goneBack(st *store.Staged, err error, why string) {
	defer func() {
		m.reverting = false
		m.settle()
	}()
	if err != nil {
		m.report(machine.Report{Kind: machine.KindIgnored, Reason: "rollback " + why + ": " + err.Error()})
		return
	}
	d := machine.Digest(st.Digest().String())
	if _, held := m.staged[d]; held {
		m.record("remove a candidate that was staged twice", st.Discard)
	} else {
		m.staged[d] = st
	}
	m.step(machine.Reverted{Digest: d, Why: why})
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
	if err := m.cfg.Store.SetHeld(h); err != nil {
		return err
	}
	return c.order(ctx, o, func() string {
		m.tellOrder(admin.Held, o, "")
		m.setHold(shownHold(h))
		return ""
	})
}

func (c console) Release(ctx context.Context, o admin.Order) error {
	m := c.m
	if m.cfg.Store == nil || !m.IsHeld() {
		return &admin.Conflict{Reason: "upgrades are not held"}
	}
	if err := m.cfg.Store.SetHeld(store.Held{}); err != nil {
		return err
	}
	return c.order(ctx, o, func() string {
		m.tellOrder(admin.Released, o, "")
		m.setHold(nil)
		return ""
	})
}

func (c console) Quarantine(context.Context) ([]admin.Entry, error) {
	entries := []admin.Entry{}
	if c.m.cfg.Store == nil {
		return entries, nil
	}
	all, err := c.m.cfg.Store.Entries()
	for _, e := range all {
		entry := admin.Entry{Digest: e.Digest.String(), Reason: e.Reason, Since: e.Since}
		if !e.Until.IsZero() {
			entry.Until = &e.Until
		}
		entries = append(entries, entry)
	}
	return entries, err
}

func (c console) Forget(ctx context.Context, o admin.Order, text string) error {
	d, err := c.quarantined(ctx, text)
	if err != nil {
		return err
	}
	m := c.m
	ev := machine.Forgotten{Digest: machine.Digest(d.String())}
	check := func() string { return m.machine.Refuses(ev) }
	if err := c.order(ctx, o, check); err != nil {
		return err
	}
	if err := m.cfg.Store.Lift(d); err != nil {
		return err
	}
	return c.order(ctx, o, func() string {
		m.tellOrder(admin.Forgotten, o, d.String())
		m.step(ev)
		return ""
	})
}

func (c console) quarantined(ctx context.Context, text string) (release.Digest, error) {
	all, err := c.Quarantine(ctx)
	if err != nil {
		return release.Digest{}, err
	}
	for _, e := range all {
		if e.Digest == text {
			return release.ParseDigest(text)
		}
	}
	return release.Digest{}, fmt.Errorf("%w: no release %q is quarantined", admin.ErrNotFound, text)
}

func (c console) SetLogLevel(ctx context.Context, o admin.Order, name string) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(name)); err != nil {
		return &admin.Conflict{Reason: fmt.Sprintf("there is no level %q: take debug, info, warn or error", name)}
	}
	m := c.m
	return c.order(ctx, o, func() string {
		m.cfg.Level.Set(level)
		m.level = strings.ToLower(level.String())
		o.Reason = strings.TrimSpace(m.level + " " + o.Reason)
		m.tellOrder(admin.LogLevel, o, "")
		return ""
	})
}
