package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// A sheet is written by rows, each with a word at its left.
type sheet struct {
	Env
	b strings.Builder
}

const sheetIndent = 13

// row writes one. What is too long for the terminal goes on below.
func (s *sheet) row(how style, word, format string, args ...any) {
	text := Line(fmt.Sprintf(format, args...))
	lines := []string{text}
	if w := s.width(); w > 0 {
		lines = wrap(text, w-sheetIndent)
	}
	for i, l := range lines {
		if i > 0 {
			word = ""
		}
		fmt.Fprintf(&s.b, "  %s%s\n", s.paint(dim, fmt.Sprintf("%-*s", sheetIndent-2, word)), s.paint(how, l))
	}
}

// quoted writes what a process has written: the last lines of it.
func (s *sheet) quoted(text string, last int) {
	lines := strings.Split(strings.TrimSpace(clean(text)), "\n")
	for _, l := range lines[max(len(lines)-last, 0):] {
		if l = strings.TrimRight(l, " "); l != "" {
			fmt.Fprintf(&s.b, "%*s| %s\n", sheetIndent, "", cut(l, s.width()-sheetIndent-2, s.dots()))
		}
	}
}

func (k *Call) statusText(st admin.Status) string {
	s := &sheet{Env: k.Env}
	now := k.Now()
	if st.Time.After(time.Time{}) && st.Time.Sub(now).Abs() > 2*time.Second {
		now = st.Time.In(now.Location()) // of the master: its times are by its clock
	}
	name := st.Name
	if name == "" {
		name = "the service"
	}
	s.b.WriteString(s.paint(tones[st.Condition.Tone()], Line(fmt.Sprintf("%s is %s", name, st.Condition))) + "\n")
	s.live(st, now)
	if o := st.Operation; o != nil {
		s.row(yellow, "under way", "%s", OperationText(*o, now))
	}
	if st.Crashes > 0 {
		s.row(red, "crashes", "the program has ended %s in a row", times(st.Crashes))
	}
	if w := st.Waiting; w != nil {
		s.row("", "waits", "%s: %s", ReleaseName(w.Release), w.Why)
	}
	if a := st.Refused; a != nil {
		s.row(red, "refused", "%s", RefusalText(*a, now))
		s.quoted(a.Output, 5)
	}
	if h := st.Hold; h != nil {
		s.row(yellow, "hold", "%s", HoldText(*h, now))
	}
	s.source(st, now)
	if len(st.Rollback) > 0 {
		var to []string
		for _, t := range st.Rollback {
			to = append(to, string(t))
		}
		s.row("", "rollback", "possible to %s", strings.Join(to, ", "))
	}
	if len(st.Addresses) > 0 {
		s.row("", "listens", "%s", strings.Join(st.Addresses, ", "))
	}
	s.row("", "master", "process %d, up %s, %s, log level %s", st.PID, Span(now.Sub(st.Started)), Size(st.Usage.RSS), st.LogLevel)
	if len(st.Generations) > 0 {
		s.b.WriteString("\n" + generationTable(st, now).text(s.Env))
	}
	return s.b.String()
}

func (s *sheet) live(st admin.Status, now time.Time) {
	g, ok := generation(st, st.Live)
	if !ok {
		if st.Condition == admin.Coming {
			s.row(yellow, "live", "none yet: the first generation comes up; clients wait in the queue of the sockets")
		} else {
			s.row(red, "live", "none: nobody answers; clients wait in the queue of the sockets, or are refused")
		}
		if n := len(st.Gone); n > 0 {
			last := st.Gone[n-1]
			s.row("", "last", "generation %d, %s, %s, %s ago", last.Number, ReleaseName(last.Release), last.Exit, Span(now.Sub(last.Since)))
			s.quoted(last.Output, 10)
		}
		return
	}
	text := fmt.Sprintf("generation %d, %s, for %s (since %s)", g.Number, ReleaseName(g.Release), Span(now.Sub(g.Since)), Moment(g.Since, now))
	if g.OnTrial {
		text += ", on trial"
	}
	s.row(bold, "live", "%s", text)
	if c := g.Connections; c != nil {
		s.row("", "clients", "%d connections open, %d accepted", c.Open, c.Accepted)
	}
}

func (s *sheet) source(st admin.Status, now time.Time) {
	src := st.Source
	if src == nil {
		return
	}
	text := src.Name
	if src.Looked != nil {
		text += fmt.Sprintf(", looked %s ago", Span(now.Sub(*src.Looked)))
	} else {
		text += ", not looked yet"
	}
	if src.Next != nil {
		text += fmt.Sprintf(", next in %s", Span(src.Next.Sub(now)))
	}
	s.row("", "source", "%s", text)
	if src.Error != "" {
		s.row(red, "", "the last look failed: %s", src.Error)
	}
}

// generationTable has a row for each generation that has not ended.
func generationTable(st admin.Status, now time.Time) table {
	t := table{{"GEN", "PHASE", "RELEASE", "FOR", "PID", "OPEN", "ACCEPTED", "MEMORY"}}
	for _, g := range st.Generations {
		phase := string(g.Phase)
		if g.OnTrial {
			phase += " on trial"
		}
		pid, open, accepted, memory := "-", "-", "-", "-"
		if g.PID != 0 {
			pid = strconv.Itoa(g.PID)
		}
		if c := g.Connections; c != nil {
			open, accepted = strconv.Itoa(c.Open), strconv.FormatUint(c.Accepted, 10)
		}
		if g.Usage.RSS > 0 {
			memory = Size(g.Usage.RSS)
		}
		t = append(t, []string{strconv.Itoa(g.Number), phase, ReleaseName(g.Release), Span(now.Sub(g.Since)), pid, open, accepted, memory})
	}
	return t
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
