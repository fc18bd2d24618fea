//go:build unix

package master

import (
	"log/slog"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/machine"
)

// An order is what somebody has asked for and is under way, so that what it leads
// to can be told with who asked.
type order struct {
	kind  admin.Kind // empty: there is none
	actor string
	trace string
	looks bool // the source is being asked first
}

// concerns reports whether a report tells of what an order has led to.
func (o order) concerns(k machine.Kind) bool {
	if o.kind == "" {
		return false
	}
	switch k {
	case machine.KindStarting, machine.KindLive, machine.KindTrial, machine.KindFailed, machine.KindUnhealthy,
		machine.KindRolledBack, machine.KindCommitted, machine.KindUncommitted, machine.KindIgnored, machine.KindRemembered:
		return true
	}
	return false
}

// take notes an order that is about to be carried out.
func (m *Master) take(kind admin.Kind, o admin.Order) {
	m.ordered = order{kind: kind, actor: o.Actor, trace: o.Trace}
	m.tellOrder(kind, o, "")
}

// tellOrder tells an order; of which release, where it is about one.
func (m *Master) tellOrder(kind admin.Kind, o admin.Order, release string) {
	m.tellEvent(slog.LevelInfo, orderTexts[kind], admin.Event{Kind: kind, Release: release, Actor: o.Actor, Reason: o.Reason, Trace: o.Trace})
}

// orderTexts are the lines in the log.
var orderTexts = map[admin.Kind]string{
	admin.RestartAsked:  "restart asked for",
	admin.UpgradeAsked:  "upgrade asked for",
	admin.RollbackAsked: "rollback asked for",
	admin.Held:          "upgrades are held",
	admin.Released:      "upgrades go on",
	admin.Forgotten:     "a quarantine was lifted",
	admin.LogLevel:      "the level of the log was set",
}

// settle forgets an order that is carried out.
func (m *Master) settle() {
	if m.ordered.kind == "" || m.ordered.looks || m.reverting {
		return
	}
	s := m.machine.Snapshot()
	live := s.Generation(s.Live)
	if s.Incoming == 0 && !s.Pending && s.Installing == "" && (live == nil || !live.OnTrial) {
		m.ordered = order{}
	}
}

// offered goes on with an order to upgrade that has had the source asked: what
// came is tried, whatever it would wait for.
func (m *Master) offered() {
	if !m.ordered.looks {
		return
	}
	if m.machine.Refuses(machine.TryAsked{}) == "" {
		m.step(machine.TryAsked{})
	}
	m.looked()
}

// looked ends the asking of the source that an order has begun.
func (m *Master) looked() {
	m.ordered.looks = false
	m.settle()
}

// restartAsked is a restart that was asked for by a signal, the program or its
// code in the master: it is remembered where it cannot be done at once.
func (m *Master) restartAsked(by string, force bool) {
	ev := machine.RestartAsked{By: by, Force: force}
	if m.machine.Refuses(ev) == "" {
		m.take(admin.RestartAsked, admin.Order{Actor: by})
	}
	m.step(ev)
}
