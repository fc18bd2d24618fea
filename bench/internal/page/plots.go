package page

import (
	"fmt"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/result"
)

// panels has a panel for each mode, with a row for each contestant that show
// has something to say of.
func panels(r result.Report, show func(result.Handover) (row, bool)) (all []panel) {
	for _, mode := range modes(r) {
		p := panel{title: mode}
		for _, c := range r.Contestants {
			h, ok := find(r, c.Name, mode)
			if !ok {
				continue
			}
			if one, ok := show(h); ok {
				one.label = c.Name
				p.rows = append(p.rows, one)
			}
		}
		all = append(all, p)
	}
	return all
}

func failures(r result.Report) plot {
	return plot{
		title: "Requests failed for 1,000 handovers", names: []string{"failed"},
		panels: panels(r, func(h result.Handover) (row, bool) {
			v := perThousand(h)
			return row{values: []float64{v}, text: thousands(int(v + 0.5))}, h.Handovers > 0
		}),
	}
}

func latency(r result.Report) plot {
	return plot{
		title: "p99.9 of the latency, in ms", names: []string{"before", "in the handover window"},
		panels: panels(r, func(h result.Handover) (row, bool) {
			one := row{values: []float64{ms(h.Steady.P999)}, text: three(ms(h.Steady.P999))}
			if h.Window.P999 > 0 {
				one.values = append(one.values, ms(h.Window.P999))
				one.text += " → " + three(ms(h.Window.P999))
			}
			return one, h.Steady.P999 > 0
		}),
	}
}

func times(r result.Report) plot {
	return plot{
		title: "From the trigger of a handover on, in ms (medians)", names: []string{"first answer of the new", "last answer of the old"},
		panels: panels(r, func(h result.Handover) (row, bool) {
			a, b := h.FirstOfNew.Mid*1000, h.LastOfOld.Mid*1000
			return row{values: []float64{a, b}, text: three(a) + ", " + three(b)}, a > 0 && b > 0
		}),
	}
}

func starts(r result.Report) plot {
	p := panel{}
	for _, s := range r.Starts {
		a, b := s.Plain.Mid*1000, s.Ours.Mid*1000
		p.rows = append(p.rows, row{label: megabytes(s.Size), values: []float64{a, b}, text: three(a) + ", " + three(b)})
	}
	return plot{title: "From start to first answer, in ms (medians), by the size of the file", names: []string{"plain", "overseer"}, panels: []panel{p}}
}

func growth(r result.Report) plot {
	g := plot{title: "A handover with more of something, in ms (medians)", names: []string{"first answer of the new"}}
	for _, one := range r.Growth {
		if len(g.panels) == 0 || g.panels[len(g.panels)-1].title != one.Of {
			g.panels = append(g.panels, panel{title: one.Of})
		}
		last := &g.panels[len(g.panels)-1]
		last.rows = append(last.rows, row{
			label: thousands(one.Count), values: []float64{one.Took.Mid * 1000},
			text: fmt.Sprintf("%s (× %s)", three(one.Took.Mid*1000), three(one.Ratio.Mid)),
		})
	}
	return g
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }
