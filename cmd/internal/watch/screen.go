package watch

import (
	"strings"
	"unicode/utf8"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/cli"
)

// A screen is written line by line.
type screen struct {
	look
	width int
	lines []string
}

// A style is an SGR parameter.
type style string

const (
	bold   style = "1"
	dim    style = "2"
	red    style = "1;31"
	green  style = "1;32"
	yellow style = "1;33"
)

// tones are the colours of what is told.
var tones = map[admin.Tone]style{admin.Good: green, admin.Notable: yellow, admin.Bad: red}

// line writes one, cut to the width.
func (s *screen) line(how style, text string) {
	text = s.cut(strings.TrimRight(single(text), " "), s.width)
	if how != "" && s.colour && text != "" {
		text = "\x1b[" + string(how) + "m" + text + "\x1b[0m"
	}
	s.lines = append(s.lines, text)
}

// single keeps the blanks of a line that has been laid out, and nothing that
// would steer the terminal.
func single(text string) string {
	parts := strings.Split(text, " ")
	for i, p := range parts {
		parts[i] = cli.Line(p)
	}
	return strings.Join(parts, " ")
}

func (l look) cut(text string, width int) string {
	dots := "..."
	if l.unicode {
		dots = "…"
	} else {
		text = strings.ReplaceAll(text, "…", "...")
	}
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:max(width-utf8.RuneCountInString(dots), 0)]) + dots
}
