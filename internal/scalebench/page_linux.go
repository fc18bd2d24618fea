package main

import (
	"fmt"
	"runtime"
	"strings"
	"time"
)

// write returns the page.
func write(results []result, rounds int) string {
	var page strings.Builder
	fmt.Fprintf(&page, `# Scale

Written by `+"`go run ./internal/scalebench`"+` with %s on %s/%s, %d processors, at %s. Medians of %d restarts; a ratio is the median of pairs with a service of one listener and no connection, which was restarted in turns with it. Times of one run say little about another machine.

The program echoes on TCP connections, all open and idle, and moves them by `+"`State.Handover`"+`: the same connections live through all restarts, and each is asked for an echo after each restart. There are as many as the limit of open files of a process allows here, 20,000 at most.

- **live**: from SIGUSR2 until the new generation accepts and the old one is told to stop.
- **paused**: until the program of the old generation knows.
- **moved**: until the old generation has handed over all its connections and its process has ended.
- **processor**: the time that the master has used for one restart.
- **master**: its resident memory at the end, and what it has more than the one of the baseline.

| listeners | connections | live | ratio | paused | ratio | moved | processor | master | more | failed |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
`, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Now().UTC().Format("2006-01-02 15:04 UTC"), rounds)
	for _, r := range results {
		fmt.Fprintf(&page, "| %d | %d | %v | %.2f | %v | %.2f | %v | %v | %.1f MiB | %+.1f MiB | %d |\n",
			r.listeners, r.connections, ms(r.took.live), r.liveRatio, ms(r.took.paused), r.pauseRatio, ms(r.took.moved), ms(r.processor),
			mib(r.memory), mib(r.memory-r.baseMemory), r.failed+r.notMoved)
	}
	page.WriteString(`
The master sees no connection: neither its time nor its memory depends on how many there are. Each listener is a descriptor that it holds, sends to each generation, and hears of once.
`)
	return page.String()
}

func ms(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

func mib(kib int) float64 { return float64(kib) / 1024 }
