package main

import (
	"fmt"
	"runtime"
	"strings"
	"time"
)

// page is the whole file.
func (r result) page() string {
	var p strings.Builder
	fmt.Fprintf(&p, `# What it costs to be looked at

Written by `+"`go run ./internal/adminbench`"+` with %s on %s/%s, %d processors, at %s. It took %v; the load of the machine over a minute was %.1f before and %.1f after it. Times of one run say little about another machine, and on a busy one they are long; ratios are of what was measured in turns or at the same time.

"Everything on" is the socket for the command and the page, events on the disk, a `+"`Config.OnEvent`"+` hook that counts, and a `+"`fetcher.File`"+` that looks each second at a release that runs already. Its baseline is `+"`Admin.Disabled`"+` with none of them; [admin.md](admin.md) describes the API. All are the same binary. The clients are `+"`admin.Client`"+`s in one process beside it; they follow by Server-Sent Events and get samples too, one each second, where that is not said otherwise.
`, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), r.began.UTC().Format("2006-01-02 15:04 UTC"),
		r.ended.Sub(r.began).Round(time.Second), r.load[0], r.load[1])
	r.writeMemory(&p)
	r.writeRequests(&p)
	r.writeQuiet(&p)
	r.writeFan(&p)
	return p.String()
}

func (r result) writeMemory(p *strings.Builder) {
	fmt.Fprintf(p, `
## Memory

Medians of %d masters of each kind, read after %d restarts and %v with the garbage collector left alone. All kinds ran at the same time, each with a worker. The idle program is the same binary, which waits in `+"`main`"+`. The one that is asked has answered %d statuses, as many as in %v at one a second, in a row. The crowd is %d clients.

- **resident**: all pages in memory, with those of the binary that other processes share. The ratio is the median of the rounds, with the least and the greatest.
- **proportional**: shared pages counted in parts, here among %d processes of this binary.
- **own**: what no other process shares; by this the machine's memory is less.

What is asked makes garbage, which Go's collector leaves until the heap has 4 MiB; with `+"`GOGC=25`"+` until it has 1 MiB.

| process | resident | ratio | proportional | own |
|---|--:|--:|--:|--:|
`, r.masters, r.restarts, r.settle, r.statuses, time.Duration(r.statuses)*time.Second, r.crowd, 2*len(memoryKinds))
	for _, m := range r.memory {
		fmt.Fprintf(p, "| %s | %.1f MiB | %s | %s | %s |\n", m.name, mib(m.resident), m.ratio, known(m.proportional), known(m.own))
	}
}

func known(kib int) string {
	if kib == 0 {
		return "not told"
	}
	return fmt.Sprintf("%.1f MiB", mib(kib))
}

func (s spread) String() string { return fmt.Sprintf("%.2f (%.2f to %.2f)", s.mid, s.low, s.high) }

func (r result) writeRequests(p *strings.Builder) {
	fmt.Fprintf(p, `
## Requests

Medians of %d rounds. In each round each program is restarted, and then answers for %v in %d parts, in turns with the others and in another order each time. 8 clients of package loadtest send as fast as they can, from the same processors. Looked at means %d clients that follow and a status each second. Ratios are to the first row in the same round, with the least and the greatest; how far they are from 1 in the second row is how much noise there was.

**processor** is the time that master and worker have used for one request: it hardly depends on what else the machine does.

| connections | master | requests/s | ratio | processor | ratio | failed |
|---|---|--:|--:|--:|--:|--:|
`, r.rounds, r.part*time.Duration(r.parts), r.parts, r.few)
	for _, q := range r.requests {
		fmt.Fprintf(p, "| %s | %s | %.0f | %s | %v | %s | %d |\n", q.mode, q.name, q.rate, q.ratio, fine(q.processor), q.cost, q.failed)
	}
}

func (r result) writeQuiet(p *strings.Builder) {
	fmt.Fprintf(p, `
## Nobody looks

What the master does in a second while its program serves about %d requests in it and nobody looks, over %v, all at the same time; and what the worker's process holds. A connection is the kernel's own and passes the master by, so none of it depends on the requests. The fetcher looks each second; what it does once, at the start, is over.

- **processor**: time of the master, for one second.
- **woken**: how often a thread of the master has gone on after it had waited.
- **read, written**: calls of read(2) and write(2) and their kin.

| master | requests/s | processor | woken | read, written | worker's goroutines | worker's descriptors |
|---|--:|--:|--:|--:|--:|--:|
`, r.rate, r.amount.quiet)
	for _, q := range r.quiet {
		fmt.Fprintf(p, "| %s | %.0f | %v | %d | %d | %d | %d |\n", q.name, q.rate, q.did.processor.Round(10*time.Microsecond), q.did.woken, q.did.calls, q.goroutines, q.descriptors)
	}
}

func (r result) writeFan(p *strings.Builder) {
	fmt.Fprintf(p, `
## Fan-out

%d events at once, told to one client and to %d in turns, %d times, by an `+"`admin.Server`"+` in a process of its own. Each client got each event, in order: %d of %d. The clients read on the same processors, in one process.

- **until the last has the last one**: from the first event on, which the clients' own work is a part of.
- **server**, **clients**: processor time of each for one event and client. An event becomes bytes once, for all.

| clients | until the last has the last one | server | clients |
|--:|--:|--:|--:|
| 1 | %v | %v | %v |
| %d | %v | %v | %v |
| ratio | %s | %s | |
`, r.events, r.crowd, r.fanRounds, r.fan.eventsInAll, r.fan.eventsWanted,
		round(r.fan.one.took), fine(r.fan.one.cost), fine(r.fan.one.read),
		r.crowd, round(r.fan.crowd.took), fine(r.fan.crowd.cost), fine(r.fan.crowd.read), r.fan.ratio, r.fan.costOfOneTo)
	fmt.Fprintf(p, `
A real master restarts its program %d times with each number of clients, in %d turns. Each client got each event, in order.

- **processor**: time of the master for one restart; its ratio is to that of the same turn with no client.
- **until all have it**: from an event on, the median.

| clients | events | processor | ratio | until all have it |
|--:|--:|--:|--:|--:|
`, r.turns*r.changes, r.turns)
	for _, row := range r.real {
		delay := ""
		if row.clients > 0 {
			delay = round(row.delay).String()
		}
		fmt.Fprintf(p, "| %d | %d | %v | %s | %s |\n", row.clients, row.events, round(row.cost), row.ratio, delay)
	}
}

func fine(d time.Duration) time.Duration { return d.Round(100 * time.Nanosecond) }

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
