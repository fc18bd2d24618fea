package watch

import (
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// A rate is how many connections a generation accepts each second, over the last
// samples.
type rate struct {
	at       time.Time
	accepted uint64
	each     []float64 // oldest first
}

// keptRates is as much as a sparkline shows.
const keptRates = 60

func (r *rate) take(at time.Time, c admin.Connections) {
	if took := at.Sub(r.at).Seconds(); !r.at.IsZero() && took > 0 && c.Accepted >= r.accepted {
		r.each = append(r.each, float64(c.Accepted-r.accepted)/took)
		r.each = r.each[max(len(r.each)-keptRates, 0):]
	}
	r.at, r.accepted = at, c.Accepted
}

func (r *rate) last() float64 {
	if r == nil || len(r.each) == 0 {
		return 0
	}
	return r.each[len(r.each)-1]
}

// spark draws the last values, each one column high as its part of the highest
// that is drawn.
func (l look) spark(values []float64, width int) string {
	steps := []rune(" .:-=+*#")
	if l.unicode {
		steps = []rune("▁▂▃▄▅▆▇█")
	}
	values = values[max(len(values)-width, 0):]
	top := 0.0
	for _, v := range values {
		top = max(top, v)
	}
	var b strings.Builder
	for _, v := range values {
		step := 0
		if top > 0 {
			step = int(v / top * float64(len(steps)-1))
			if v > 0 && step == 0 {
				step = 1 // something is not nothing
			}
		}
		b.WriteRune(steps[step])
	}
	return b.String()
}

// bar draws how much of a time has passed.
func (l look) bar(part float64, width int) string {
	full, empty := "#", "-"
	if l.unicode {
		full, empty = "█", "░"
	}
	n := int(min(max(part, 0), 1) * float64(width))
	return strings.Repeat(full, n) + strings.Repeat(empty, width-n)
}
