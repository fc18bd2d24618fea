package watch

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/seed-3d078585/overseer/admin/cli"
)

// View draws the model. It has as many lines as the terminal, and none is longer.
func (m *model) View() tea.View {
	v := tea.NewView(strings.Join(m.lines(), "\n"))
	v.AltScreen = true
	v.WindowTitle = "overseer watch"
	return v
}

// Below this nothing useful can be drawn.
const minWidth, minHeight = 40, 8

func (m *model) lines() []string {
	if m.width < minWidth || m.height < minHeight {
		return []string{fmt.Sprintf("%d x %d is too small", m.width, m.height)}[:min(1, max(m.height, 1))]
	}
	s := &screen{look: m.look, width: m.width}
	switch {
	case m.help:
		s.helpPage()
	case m.status == nil:
		s.line("", "connecting …")
		if m.lost != nil {
			s.line(red, "not reached: "+m.lost.Error())
		}
	default:
		m.top(s)
		m.generations(s, m.height-2)
		m.last(s, m.height-2)
	}
	lines := s.lines[:min(len(s.lines), m.height-1)]
	for len(lines) < m.height-1 {
		lines = append(lines, "")
	}
	return append(lines, m.bottom())
}

// top is the condition, and what is out of the ordinary.
func (m *model) top(s *screen) {
	st, now := m.status, m.clock()
	s.line(tones[st.Condition.Tone()], fmt.Sprintf("%s is %s", st.Name, st.Condition)+fmt.Sprintf("   master %d, up %s, %s", st.PID, cli.Span(now.Sub(st.Started)), cli.Size(st.Usage.RSS)))
	if m.lost != nil {
		s.line(red, "NOT REACHED, this is how it was "+cli.Span(m.now().Sub(st.Time))+" ago: "+m.lost.Error())
	}
	if st.Live == 0 {
		s.line(red, "no generation is live")
	}
	if o := st.Operation; o != nil {
		s.line(yellow, cli.OperationText(*o, now))
		if o.Until != nil && o.Until.After(o.Since) {
			part := float64(now.Sub(o.Since)) / float64(o.Until.Sub(o.Since))
			s.line(yellow, s.bar(part, min(m.width-2, 50)))
		}
	}
	if w := st.Waiting; w != nil {
		s.line("", "waits: "+cli.ReleaseName(w.Release)+": "+w.Why)
	}
	if h := st.Hold; h != nil {
		s.line(yellow, cli.HoldText(*h, now))
	}
	if a := st.Refused; a != nil {
		s.line(red, "refused: "+cli.RefusalText(*a, now))
	}
	if src := st.Source; src != nil && src.Error != "" {
		s.line(red, "source: "+src.Error)
	}
	s.line("", "")
}

// clock is the time by the master's clock, as its times are by that.
func (m *model) clock() time.Time {
	now := m.now()
	if ahead := m.status.Time.Sub(now); ahead > 0 && !m.status.Time.IsZero() {
		return m.status.Time.In(now.Location())
	}
	return now
}

const rowFormat = "%-5s%-14s%-24s%8s%7s%7s  %s"

// generations is a table with the newest first: the oldest are what can be cut.
func (m *model) generations(s *screen, bottom int) {
	st, now := m.status, m.clock()
	s.line(dim, strings.TrimRight(fmt.Sprintf(rowFormat, "GEN", "PHASE", "RELEASE", "FOR", "OPEN", "ACC/S", "LAST MINUTE"), " "))
	room := max(bottom-len(s.lines)-4, 1) // for some events too
	for i := len(st.Generations) - 1; i >= 0; i-- {
		if room--; room < 0 {
			s.line(dim, fmt.Sprintf("and %d older", i+1))
			break
		}
		g := st.Generations[i]
		phase := string(g.Phase)
		if g.OnTrial {
			phase += " on trial"
		}
		open, each, graph := "-", "-", ""
		if c := g.Connections; c != nil {
			open = strconv.Itoa(c.Open)
		}
		if r := m.rates[g.Number]; r != nil && len(r.each) > 0 {
			each = strconv.FormatFloat(r.last(), 'f', 0, 64)
			graph = s.spark(r.each, min(max(m.width-68, 0), keptRates))
		}
		how := style("")
		if g.Number == st.Live {
			how = bold
		}
		s.line(how, fmt.Sprintf(rowFormat, strconv.Itoa(g.Number), phase, s.cut(cli.ReleaseName(g.Release), 23), cli.Span(now.Sub(g.Since)), open, each, graph))
	}
	s.line("", "")
}

// last are the newest events, as many as fit, the newest at the bottom.
func (m *model) last(s *screen, bottom int) {
	s.line(dim, "EVENTS")
	room := max(bottom-len(s.lines)+1, 0)
	for _, e := range m.events[max(len(m.events)-room, 0):] {
		s.line(tones[e.Kind.Tone()], e.Time.In(m.now().Location()).Format(time.TimeOnly)+"  "+cli.EventText(e))
	}
}

// bottom is the question, the note or the keys.
func (m *model) bottom() string {
	s := &screen{look: m.look, width: m.width}
	switch {
	case m.question != nil:
		s.line(yellow, m.question.text+" y: yes, any other key: no")
	case m.note != "":
		s.line(bold, m.note)
	default:
		hold := "h hold"
		if m.status != nil && m.status.Hold != nil {
			hold = "h unhold"
		}
		s.line(dim, "r restart  u upgrade  b roll back  "+hold+"  ? help  q quit")
	}
	return s.lines[0]
}

func (s *screen) helpPage() {
	for _, l := range []string{
		"r  start the program anew, without losing a request",
		"u  look for a release now and try it; or try the one that waits",
		"b  put the generation before back; after its trial, the binary before",
		"h  hold automatic upgrades, or let them go on",
		"q  end this view; the service does not notice",
		"",
		"Each order is asked about before it is given. It is about the generation",
		"that is shown: where another one is live by then, it is refused.",
		"",
		"overseer help lists the commands that do the same, and more.",
		"",
		"any key: back",
	} {
		s.line("", l)
	}
}
