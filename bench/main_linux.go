package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/seed-3d078585/overseer/bench/internal/page"
	"github.com/seed-3d078585/overseer/bench/internal/result"
	"github.com/seed-3d078585/overseer/bench/internal/trial"
)

func main() {
	if played() {
		return
	}
	out := flag.String("o", "docs", "directory for benchmarks.md and benchmarks/")
	quick := flag.Bool("quick", false, "measure little, to see that it works: about a minute")
	long := flag.Bool("long", false, "restart overseer alone, at least 1,000 times under 1,000,000 requests in each mode: under an hour")
	only := flag.String("only", "", "restart only contestants with this in their name")
	again := flag.Bool("page", false, "measure nothing: write the page anew from the figures that are there")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	amount := trial.Default
	if *quick {
		amount = trial.Quick
	}
	var err error
	switch {
	case *again:
		err = write(*out)
	case *long:
		err = runLong(ctx, *out, trial.Long)
	default:
		err = run(ctx, *out, amount, *only)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }

// run measures all but the long run, and writes.
func run(ctx context.Context, out string, amount trial.Amount, only string) error {
	trials := trial.Trials{Amount: amount, Only: only, Say: say}
	report, err := trials.Run(ctx)
	if err != nil {
		return err
	}
	if err := keep(figures(out), report); err != nil {
		return err
	}
	return write(out)
}

// runLong measures the modes of the long run that this build has not measured
// yet, and writes after each.
func runLong(ctx context.Context, out string, amount trial.Amount) error {
	done, err := read[[]result.LongRun](longRuns(out))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	trials := trial.Trials{Amount: amount, Say: say}
	return trials.RunLong(ctx, done, func(all []result.LongRun) error {
		if err := keep(longRuns(out), all); err != nil {
			return err
		}
		return write(out)
	})
}

// Files of figures. The page is made from them, and from nothing else.
func figures(out string) string  { return filepath.Join(out, "benchmarks", "figures.json") }
func longRuns(out string) string { return filepath.Join(out, "benchmarks", "long.json") }

func keep(path string, what any) error {
	text, err := json.MarshalIndent(what, "", "\t")
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o644))
}

func read[T any](path string) (what T, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return what, err
	}
	if err := json.Unmarshal(text, &what); err != nil {
		return what, fmt.Errorf("read %s: %w", path, err)
	}
	return what, nil
}

// write writes the page. There may have been no long run yet, or nothing else.
func write(out string) error {
	report, err := read[result.Report](figures(out))
	long, errLong := read[[]result.LongRun](longRuns(out))
	for _, err := range []error{err, errLong} {
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	report.Long = long
	return page.Write(out, report)
}
