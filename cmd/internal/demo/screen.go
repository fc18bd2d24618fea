package demo

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// A screen shows lines that stay, and below them one that is rewritten in place.
// House rules: on what is no terminal nothing is rewritten and nothing is
// coloured; NO_COLOR (no-color.org) is heeded; meaning is never in a colour
// alone.
type screen struct {
	w       io.Writer
	start   time.Time
	inPlace bool
	colour  bool
	live    string // what stands on the last line now
}

// A style is an SGR parameter.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

func newScreen(w io.Writer) *screen {
	s := &screen{w: w, start: time.Now()}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		s.inPlace = err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
	}
	s.colour = s.inPlace && os.Getenv("NO_COLOR") == ""
	return s
}

func (s *screen) paint(how style, text string) string {
	if !s.colour || how == plain {
		return text
	}
	return "\x1b[" + string(how) + "m" + text + "\x1b[0m"
}

// clear takes the live line away.
func (s *screen) clear() {
	if s.live != "" {
		fmt.Fprint(s.w, "\r\x1b[K")
	}
}

// line writes a line that stays.
func (s *screen) line(text string) {
	s.clear()
	fmt.Fprintln(s.w, strings.TrimRight(text, " "))
	fmt.Fprint(s.w, s.live)
}

// event writes a line that stays, with the time since the beginning.
func (s *screen) event(how style, mark, text string) {
	s.line(s.paint(dim, fmt.Sprintf("%6.1fs", time.Since(s.start).Seconds())) + "  " + s.paint(how, mark+" "+text))
}

// detail writes what belongs to the event above it.
func (s *screen) detail(text string) {
	for line := range strings.Lines(text) {
		s.line(s.paint(dim, "           "+strings.TrimRight(line, "\n")))
	}
}

// status rewrites the live line; on what is no terminal it writes one that
// stays.
func (s *screen) status(text string) {
	if !s.inPlace {
		s.line("         " + text)
		return
	}
	s.clear()
	// Without wrapping: a line that took two rows could not be rewritten.
	s.live = "\x1b[?7l" + s.paint(bold, text) + "\x1b[?7h"
	fmt.Fprint(s.w, s.live)
}

// settle ends the live line for good.
func (s *screen) settle() {
	s.clear()
	s.live = ""
}
