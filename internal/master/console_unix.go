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
		err = &admin.Conflict{Reason: refusal, Passing: refusal == machine.Replacing}
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
	var order machine.Event = machine.TryAsked{}
	looks := m.machine.Snapshot().Waiting == ""
	if looks {
		order = machine.LookAsked{}
	}
	if refusal = m.machine.Refuses(order); refusal != "" {
		if h := m.hold.now; h != nil {
			refusal += " " + heldBy(h)
		}
		return refusal
	}
	if looks && m.cfg.Looker == nil {
		return "there is no source of releases: set Config.Fetcher"
	}
	m.take(admin.UpgradeAsked, o)
	if looks {
		m.ordered.looks = true
		m.cfg.Looker.Look()
		return ""
	}
	m.step(order)
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
