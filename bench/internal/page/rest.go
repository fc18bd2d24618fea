package page

import (
	"fmt"
	"strings"

	"github.com/seed-3d078585/overseer/bench/internal/result"
)

func plain(p *strings.Builder, r result.Report) {
	p.WriteString(`
## Beside the plain server

The same program, by itself and under overseer, in turns, with new processes in each round. As many requests as 8 clients of package loadtest can send, from the same processors. Medians, and the least and the greatest of the rounds; a ratio is the median of pairs. Processor time is that of master and worker together.

| | plain | overseer | ratio |
|---|--:|--:|--:|
`)
	for _, pair := range r.Pairs {
		show := func(v float64) string { return strings.TrimSpace(three(v) + " " + pair.Unit) }
		fmt.Fprintf(p, "| %s | %s | %s | %s |\n", pair.Name, within(pair.Plain, show), within(pair.Ours, show), within(pair.Ratio, three))
	}
	p.WriteString(`
Memory in use is heap and stacks after a collection; each connection has answered once.
`)
}

func rest(p *strings.Builder, r result.Report) {
	p.WriteString(`
## The master

Resident memory of processes of the same binary, after one restart and a second. The idle one waits in ` + "`main`" + `. The fetcher watches a file and has read it once. A master that has nothing to do unmaps what its start has touched of the program's file. Anonymous is what is no page of a file: those of the program's file, which are most, all processes of it share, and the system drops them where it needs the memory.

| process | resident | ratio | anonymous |
|---|--:|--:|--:|
`)
	for _, process := range r.Processes {
		fmt.Fprintf(p, "| %s | %s | %s | %s |\n", process.Name, within(process.Resident, mebi), times2(process.Ratio), within(process.Anonymous, mebi))
	}
	p.WriteString(`
## Start-up

From the start of the process to its first answer, by the size of the program's file: the benchmark's own binary, and padded. It is asked each 2 ms. Under overseer two processes start, one after the other. The first time, the file is hashed too, with SHA-256 and SHA-1 side by side, while the second process starts: that is what grows with the size. Until the file changes, or the machine is started anew, its digests are remembered.

![start-up](benchmarks/starts.svg)

| file | plain | overseer | added | overseer, the first time |
|--:|--:|--:|--:|--:|
`)
	for _, s := range r.Starts {
		fmt.Fprintf(p, "| %s | %s | %s | %s | %s |\n", megabytes(s.Size), within(s.Plain, seconds), within(s.Ours, seconds), within(s.Added, seconds), seconds(s.First))
	}
	p.WriteString(`
## Upgrades

From a new program in the directory that is watched (each 100 ms, and it must not have changed for 200 ms) to its first answer: found, read, staged, preflighted, started.

| bytes | time |
|--:|--:|
`)
	for _, u := range r.Upgrades {
		fmt.Fprintf(p, "| %s | %s |\n", thousands(int(u.Size)), within(u.Took, seconds))
	}
	p.WriteString(`
## Growth

The time of a handover, from the trigger to the first answer of the new generation, with more of something; the ratio is to a service with nothing, which was restarted in turns with it. Listeners are beside the program's own. Connections are kept and idle. Generations that drain have a client each that does not leave. The last column is what the master has more than that service's.

![growth](benchmarks/growth.svg)

| of | count | handover | ratio | master |
|---|--:|--:|--:|--:|
`)
	for _, g := range r.Growth {
		fmt.Fprintf(p, "| %s | %s | %s | %s | %+.1f MiB |\n", g.Of, thousands(g.Count), within(g.Took, seconds), within(g.Ratio, three), float64(g.More)/(1<<20))
	}
	p.WriteString("\n[scale.md](scale.md) has connections that are moved, and [release-benchmarks.md](release-benchmarks.md) the way of a release by manifest and by delta.\n")
}
