package page

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-3d078585/overseer/bench/internal/result"
)

// modes and contestants are those of the report, in its order.
func modes(r result.Report) (all []string) {
	for _, h := range r.Handovers {
		if !slices.Contains(all, h.Mode) {
			all = append(all, h.Mode)
		}
	}
	return all
}

func find(r result.Report, contestant, mode string) (result.Handover, bool) {
	for _, h := range r.Handovers {
		if h.Contestant == contestant && h.Mode == mode {
			return h, true
		}
	}
	return result.Handover{}, false
}

// perThousand is how many requests would fail in a thousand handovers.
func perThousand(h result.Handover) float64 {
	return float64(h.Failed()) * 1000 / float64(max(1, h.Handovers))
}

func handovers(p *strings.Builder, r result.Report) {
	p.WriteString(`
## Requests failed

For 1,000 handovers, from as many as there were. The load is open: requests are sent when they are due, whatever became of those before, and none is sent twice. A connection that the server ends while no request is on its way is not a failure; one that it ends under a request is.

![failures for 1,000 handovers](benchmarks/failures.svg)

| contestant |`)
	all := modes(r)
	for _, mode := range all {
		fmt.Fprintf(p, " %s |", mode)
	}
	p.WriteString("\n|---|" + strings.Repeat("--:|", len(all)) + "\n")
	for _, c := range r.Contestants {
		if c.Skipped != "" {
			continue
		}
		fmt.Fprintf(p, "| %s |", c.Name)
		for _, mode := range all {
			h, ok := find(r, c.Name, mode)
			switch {
			case !ok:
				p.WriteString(" – |")
			case h.Handovers == 0:
				fmt.Fprintf(p, " %s (no handover) |", thousands(h.Failed()))
			default:
				fmt.Fprintf(p, " %s |", thousands(int(perThousand(h)+0.5)))
			}
		}
		p.WriteString("\n")
	}
	p.WriteString(`
- **refused**: no connection was made. **reset**: a new connection was reset before its answer began. **cut under request**: the connection ended with a request sent and no byte of an answer. **cut in answer**: it ended within the answer. **unprocessed**: HTTP/2's server said, in its GOAWAY, that it has not begun with the request; a client may send such a one again, and this one does not.
- **closed idle**: connections that ended unannounced while no request was on its way. **announced**: that ended after an answer, or a word of the program's protocol, which said so; all of HTTP/2, whose client does not tell the two apart.

| contestant | load | requests | a second | handovers | failed | which | closed idle | announced |
|---|---|--:|--:|--:|--:|---|--:|--:|
`)
	for _, h := range r.Handovers {
		fmt.Fprintf(p, "| %s | %s | %s | %.0f | %s | %s | %s | %s | %s |\n", h.Contestant, h.Mode, thousands(h.Requests), h.Rate,
			thousands(h.Handovers), thousands(h.Failed()), which(h.Failures), thousands(h.IdleClosed), thousands(h.Announced))
	}
	p.WriteString(`
## Latency

From the moment at which a request was due to the last byte of its answer (to the first byte of a slow body), of the requests that did not fail. "Before" is the load with no handover; "window" is from the trigger of each handover until 100 ms after its new generation has answered first. Quantiles are exact; the client's own timers and the scheduler are part of them. In the window a process starts, on the processors that client and program share with it.

![p99.9 before and in the window](benchmarks/latency.svg)

| contestant | load | before: p50 | p99 | p99.9 | max | window: p50 | p99 | p99.9 | max | p99.9, ratio |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|
`)
	for _, h := range r.Handovers {
		s, w := h.Steady, h.Window
		q := "–"
		if s.P999 > 0 && w.P999 > 0 {
			q = fmt.Sprintf("%.2f", float64(w.P999)/float64(s.P999))
		}
		fmt.Fprintf(p, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", h.Contestant, h.Mode,
			millis(s.P50), millis(s.P99), millis(s.P999), millis(s.Max), millis(w.P50), millis(w.P99), millis(w.P999), millis(w.Max), q)
	}
	p.WriteString(`
## From the trigger on

Until the first answer of the new generation, and until the last one of those before, by the version that answers tell. Lines through a proxy tell none. A kept connection stays with its generation until it ends, so what is last depends on the load.

![first answer of the new, last of the old](benchmarks/times.svg)

| contestant | load | first of the new | last of the old |
|---|---|--:|--:|
`)
	for _, h := range r.Handovers {
		if h.Handovers > 0 {
			fmt.Fprintf(p, "| %s | %s | %s | %s |\n", h.Contestant, h.Mode, within(h.FirstOfNew, seconds), within(h.LastOfOld, seconds))
		}
	}
}

func which(failures map[string]int) string {
	var all []string
	for _, kind := range slices.Sorted(maps.Keys(failures)) {
		all = append(all, fmt.Sprintf("%s %s", kind, thousands(failures[kind])))
	}
	return strings.Join(all, ", ")
}
