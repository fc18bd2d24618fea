package page

import (
	"fmt"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/result"
)

// long tells of the long run, which is of other hours than the rest of the page.
func long(p *strings.Builder, r result.Report) {
	p.WriteString(`
## The long run

`)
	if len(r.Long) == 0 {
		p.WriteString("There was none yet: `go run ./bench -long`.\n")
		return
	}
	p.WriteString("By `go run ./bench -long`: overseer alone, restarted until a mode has had as many handovers and requests as its goal speaks of. It counts; the machine may have been busy with something else. [long.json](benchmarks/long.json) has its figures.\n" + `
| load | requests | a second | handovers | failed | which | closed idle | announced | begun | took | load of the machine | build |
|---|--:|--:|--:|--:|---|--:|--:|---|--:|---|---|
`)
	for _, l := range r.Long {
		fmt.Fprintf(p, "| %s | %s | %.0f | %s | %s | %s | %s | %s | %s | %s | %.1f, %.1f | %s |\n", l.Mode, thousands(l.Requests), l.Rate,
			thousands(l.Handovers), thousands(l.Failed()), which(l.Failures), thousands(l.IdleClosed), thousands(l.Announced),
			l.Began.UTC().Format("2006-01-02 15:04 UTC"), l.Took.Round(time.Second), l.Load[0], l.Load[1], l.Build)
	}
}
