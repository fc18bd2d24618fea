// Package page writes what the benchmark has found: benchmarks.md, and its plots
// beside it. It is made from a result.Report and from nothing else; also whether
// a goal is met.
package page

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/result"
)

// Write writes benchmarks.md into a directory, and the plots into its directory
// benchmarks.
func Write(dir string, r result.Report) error {
	plots := filepath.Join(dir, "benchmarks")
	if err := os.MkdirAll(plots, 0o755); err != nil {
		return err
	}
	for name, plot := range map[string]plot{
		"failures.svg": failures(r), "latency.svg": latency(r), "times.svg": times(r), "starts.svg": starts(r), "growth.svg": growth(r),
	} {
		if err := os.WriteFile(filepath.Join(plots, name), []byte(plot.svg()), 0o644); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "benchmarks.md"), []byte(markdown(r)), 0o644)
}

func markdown(r result.Report) string {
	var p strings.Builder
	head(&p, r)
	goals(&p, r)
	long(&p, r)
	handovers(&p, r)
	plain(&p, r)
	rest(&p, r)
	return p.String()
}

func head(p *strings.Builder, r result.Report) {
	m := r.Machine
	command := map[string]string{"quick": "go run ./bench -quick"}[r.Profile]
	if command == "" {
		command = "go run ./bench"
	}
	fmt.Fprintf(p, `# Benchmarks

Written by `+"`%s`"+` (profile %q) at %s; it took %v. Each figure is of this one run, in which all contestants took their turns, but those of the [long run](#the-long-run); [figures.json](benchmarks/figures.json) has them all. Times of one run say little about another machine: look at ratios.

- Machine: %s, %d processors, %.1f GiB of memory, Linux %s, %s; a process may have %d files open.
- Load of the machine over a minute: %.1f at the start, %.1f at the end. The load client, the backends of the proxies and the contestants share its processors.
`, command, r.Profile, r.Began.UTC().Format("2006-01-02 15:04 UTC"), r.Took.Round(time.Second),
		m.Processor, m.Processors, float64(m.Memory)/(1<<30), m.Kernel, m.Go, m.Files, m.Load[0], m.Load[1])
	if m.Load[0] > float64(m.Processors) {
		p.WriteString("- **The machine was busy with other work from the start, so times, and the goals that are about times, say little here.** Counts of failures do not depend on it, and what races there are show the more.\n")
	}
	p.WriteString("\n| contestant | version | |\n|---|---|---|\n")
	for _, c := range r.Contestants {
		note := ""
		switch {
		case c.Skipped != "":
			note = "skipped: " + c.Skipped
		case c.Proxy:
			note = "a proxy: the program runs behind it and is not restarted, so its latency is that of two servers"
		}
		fmt.Fprintf(p, "| %s | %s | %s |\n", c.Name, c.Version, note)
	}
	p.WriteString(`
All serve the same program: a small answer, an answer in ten parts that takes 150 ms, connections upgraded to lines that are echoed, and lines over TCP. What drains may take 5 seconds, with each of them. nginx has one worker, HAProxy a thread for each processor. "Close and listen again" is ` + "`http.Server.Shutdown`" + ` and a new process; the plain server is never restarted and shows what is possible. To add one of your own, see package [contestant](../bench/contestant/contestant.go).
`)
	if len(r.Problems) > 0 {
		p.WriteString("\nWhat could not be measured in this run:\n\n")
		for _, text := range r.Problems {
			first, _, _ := strings.Cut(text, "\n")
			first, _, _ = strings.Cut(first, "; it has said:")
			fmt.Fprintf(p, "- %s\n", first)
		}
	}
}
