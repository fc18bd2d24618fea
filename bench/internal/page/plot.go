package page

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// A plot is panels that share one scale, which is logarithmic and has a place
// for zero: log(1 + v/unit), the unit being the smallest value that is not zero.
type plot struct {
	title  string
	names  []string // of what the values of a row are
	panels []panel
}

type panel struct {
	title string
	rows  []row
}

// A row is one value, or two that are joined.
type row struct {
	label  string
	values []float64
	text   string
}

// Sizes in pixels. A panel is label, scale and text side by side.
const (
	labelWidth = 150
	scaleWidth = 210
	textWidth  = 130
	rowHeight  = 20
	headHeight = 26
	axisHeight = 24
	gap        = 16
	topHeight  = 56
)

var colours = []string{"#1b6ca8", "#d9742b"}

func (p plot) svg() string {
	unit, top := p.bounds()
	at := func(v float64) float64 {
		if top == 0 {
			return 0
		}
		return scaleWidth * math.Log1p(v/unit) / math.Log1p(top/unit)
	}
	columns := min(2, max(1, len(p.panels)))
	width := max(gap+columns*(labelWidth+scaleWidth+textWidth+gap), 2*gap+8*len(p.title))
	var body strings.Builder
	y := topHeight
	for first := 0; first < len(p.panels); first += columns {
		tallest := 0
		for i, panel := range p.panels[first:min(first+columns, len(p.panels))] {
			x := gap + i*(labelWidth+scaleWidth+textWidth+gap)
			panel.draw(&body, x, y, unit, top, at)
			tallest = max(tallest, len(panel.rows))
		}
		y += headHeight + tallest*rowHeight + axisHeight + gap
	}
	var out strings.Builder
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12" fill="#222" role="img" aria-label="%s">
<rect width="100%%" height="100%%" fill="#fff"/>
`, width, y, width, y, html.EscapeString(p.title))
	fmt.Fprintf(&out, `<text x="%d" y="22" font-size="15" font-weight="600">%s</text>`+"\n", gap, html.EscapeString(p.title))
	x := gap
	for i, name := range p.names {
		fmt.Fprintf(&out, `<circle cx="%d" cy="38" r="5" fill="%s"/><text x="%d" y="42">%s</text>`+"\n", x+5, colours[i], x+15, html.EscapeString(name))
		x += 40 + 7*len(name)
	}
	out.WriteString(body.String())
	out.WriteString("</svg>\n")
	return out.String()
}

// bounds are the smallest value that is not zero, and the greatest.
func (p plot) bounds() (unit, top float64) {
	unit = math.Inf(1)
	for _, panel := range p.panels {
		for _, row := range panel.rows {
			for _, v := range row.values {
				top = max(top, v)
				if v > 0 {
					unit = min(unit, v)
				}
			}
		}
	}
	return unit, top
}

func (p panel) draw(out *strings.Builder, x, y int, unit, top float64, at func(float64) float64) {
	left, bottom := x+labelWidth, y+headHeight+len(p.rows)*rowHeight
	fmt.Fprintf(out, `<text x="%d" y="%d" font-weight="600">%s</text>`+"\n", x, y+14, html.EscapeString(p.title))
	tick := func(v float64, text string) {
		at := float64(left) + at(v)
		fmt.Fprintf(out, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#e2e2e2"/><text x="%.1f" y="%d" font-size="10" fill="#666" text-anchor="middle">%s</text>`+"\n",
			at, y+headHeight-4, at, bottom, at, bottom+14, text)
	}
	tick(0, "0")
	for v := math.Pow(10, math.Ceil(math.Log10(unit))); v <= top; v *= 10 {
		if at(v) > 16 { // room for the 0
			tick(v, number(v))
		}
	}
	for i, row := range p.rows {
		row.draw(out, x, left, y+headHeight+i*rowHeight+rowHeight/2, at)
	}
}

func (r row) draw(out *strings.Builder, x, left, y int, at func(float64) float64) {
	fmt.Fprintf(out, `<text x="%d" y="%d">%s</text>`, x, y+4, html.EscapeString(r.label))
	from := float64(left)
	if len(r.values) > 1 {
		from += at(r.values[0])
	}
	last := float64(left) + at(r.values[len(r.values)-1])
	fmt.Fprintf(out, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#9bb8cf" stroke-width="4"/>`, from, y, last, y)
	for i, v := range r.values {
		fmt.Fprintf(out, `<circle cx="%.1f" cy="%d" r="5" fill="%s"/>`, float64(left)+at(v), y, colours[i])
	}
	fmt.Fprintf(out, `<text x="%d" y="%d" font-size="11" fill="#444">%s</text>`+"\n", left+scaleWidth+12, y+4, html.EscapeString(r.text))
}

// number is that of a tick.
func number(v float64) string {
	if v >= 1 {
		return thousands(int(v + 0.5))
	}
	return fmt.Sprintf("%g", v)
}
