//go:build unix

package master

import (
	"context"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/store"
)

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
