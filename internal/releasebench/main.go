package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

func main() {
	if role := os.Getenv(roleVariable); role != "" {
		roles[role]()
		return
	}
	out := flag.String("o", "docs/release-benchmarks.md", "file to write")
	quick := flag.Bool("quick", false, "measure little, to see that it works")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, *quick); err != nil {
		fmt.Fprintln(os.Stderr, "releasebench:", err)
		os.Exit(1)
	}
}

// roleVariable makes this binary a child of the benchmark.
const roleVariable = "RELEASEBENCH_ROLE"

var roles = map[string]func(){"stage": stageChild, "service": service}

func run(ctx context.Context, out string, quick bool) error {
	dir, err := os.MkdirTemp("", "releasebench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var page strings.Builder
	fmt.Fprintf(&page, `# Release benchmarks

Written by `+"`go run ./internal/releasebench`"+` with %s on %s/%s, %d processors, at %s. A ratio is the median of pairs that were measured in turns; times of one run say little about another machine.

`, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Now().UTC().Format("2006-01-02 15:04 UTC"))
	for _, part := range []func(context.Context, *strings.Builder, string, bool) error{
		throughput, memory, deltas, toLive,
	} {
		if err := part(ctx, &page, dir, quick); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	fmt.Print(page.String())
	return os.WriteFile(out, []byte(page.String()), 0o644)
}
