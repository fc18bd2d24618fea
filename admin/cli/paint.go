package cli

import (
	"strings"

	"github.com/seed-3d078585/overseer/admin"
)

// A style is an SGR parameter. House rule: no meaning is in a colour alone.
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

func (e Env) paint(how style, text string) string {
	if how == "" || text == "" || !e.Colour() {
		return text
	}
	return "\x1b[" + string(how) + "m" + text + "\x1b[0m"
}

// dots stand for what was cut off.
func (e Env) dots() string {
	if e.Unicode() {
		return "…"
	}
	return "..."
}

// width is that of the lines that may be cut or broken; 0: any.
func (e Env) width() int {
	if e.Terminal && e.Width > 0 {
		return max(e.Width, 40)
	}
	return 0
}

// A table has its head first. Columns are two spaces apart.
type table [][]string

// text writes a table. The last column is cut where the terminal ends.
func (t table) text(e Env) string {
	widths := make([]int, len(t[0]))
	for _, row := range t {
		for i, cell := range row {
			widths[i] = max(widths[i], runes(cell))
		}
	}
	var b strings.Builder
	for n, row := range t {
		var l strings.Builder
		for i, cell := range row {
			l.WriteString(cell)
			if i < len(row)-1 {
				l.WriteString(strings.Repeat(" ", widths[i]-runes(cell)+2))
			}
		}
		text := cut(strings.TrimRight(flat(l.String()), " "), e.width(), e.dots())
		if n == 0 {
			text = e.paint(dim, text)
		}
		b.WriteString(text + "\n")
	}
	return b.String()
}

// flat makes one line of a text and keeps its spaces.
func flat(text string) string { return strings.ReplaceAll(clean(text), "\n", " ") }
