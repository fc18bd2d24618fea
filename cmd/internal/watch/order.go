package watch

import (
	"context"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/cli"
)

// A question is asked before an order is given.
type question struct {
	text string
	name string // of the order
	do   func(context.Context) (admin.Accepted, error)
}

// An orderedMsg says what became of an order.
type orderedMsg struct{ note string }

// press takes a key.
func (m *model) press(key string) tea.Cmd {
	if key == "ctrl+c" {
		return tea.Quit
	}
	if q := m.question; q != nil {
		m.question = nil
		if key == "y" || key == "Y" {
			m.note = q.name + " …"
			return m.order(q)
		}
		m.note = "nothing was done"
		return nil
	}
	m.note = ""
	if m.help {
		m.help = false
		if key != "q" {
			return nil
		}
	}
	switch key {
	case "q":
		return tea.Quit
	case "?":
		m.help = true
	case "r", "u", "b", "h":
		m.question = m.questionOf(key)
	}
	return nil
}

// questionOf returns the question of a key, or nil where there is nothing to ask;
// the note then says why.
func (m *model) questionOf(key string) *question {
	s := m.status
	if s == nil || m.lost != nil {
		m.note = "the master is not reached: no order can be given"
		return nil
	}
	order := admin.Order{Generation: s.Live, Reason: "ordered in overseer watch"}
	switch {
	case key == "r":
		return &question{fmt.Sprintf("restart %s, generation %d?", s.Name, s.Live), "restart", func(ctx context.Context) (admin.Accepted, error) {
			return m.master.Restart(ctx, order)
		}}
	case key == "u" && s.Waiting != nil:
		return &question{fmt.Sprintf("try %s now?", cli.ReleaseName(s.Waiting.Release)), "upgrade", func(ctx context.Context) (admin.Accepted, error) {
			return m.master.Upgrade(ctx, order)
		}}
	case key == "u":
		return &question{"look for a release now, and try it?", "upgrade", func(ctx context.Context) (admin.Accepted, error) {
			return m.master.Upgrade(ctx, order)
		}}
	case key == "b" && len(s.Rollback) == 0:
		m.note = "there is nothing to go back to"
		return nil
	case key == "b":
		to, text := s.Rollback[0], "put back the generation that stands by?"
		if to == admin.ToPrevious {
			text = "go back to the binary that was installed before?"
		}
		return &question{text, "rollback", func(ctx context.Context) (admin.Accepted, error) {
			return m.master.Rollback(ctx, order, to)
		}}
	}
	order.Generation = 0 // a hold is about none
	if s.Hold != nil {
		return &question{"let upgrades go on?", "unhold", func(ctx context.Context) (admin.Accepted, error) {
			return m.master.Release(ctx, order)
		}}
	}
	return &question{"hold upgrades until they are released?", "hold", func(ctx context.Context) (admin.Accepted, error) {
		return m.master.Hold(ctx, order, time.Time{})
	}}
}

func (m *model) order(q *question) tea.Cmd {
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, 10*time.Second)
		defer cancel()
		if _, err := q.do(ctx); err != nil {
			return orderedMsg{q.name + " was refused: " + err.Error()}
		}
		return orderedMsg{q.name + " is ordered"}
	}
}
