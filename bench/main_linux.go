package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
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
	full := flag.Bool("full", false, "at least 1,000 handovers and 1,000,000 requests in each mode: about an hour")
	only := flag.String("only", "", "restart only contestants with this in their name")
	again := flag.Bool("page", false, "measure nothing: write the page anew from the figures that are there")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	amount := trial.Default
	switch {
	case *quick:
		amount = trial.Quick
	case *full:
		amount = trial.Full
	}
	if err := run(ctx, *out, amount, *only, *again); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures and writes. The page is made from the file of figures, and from
// nothing else.
func run(ctx context.Context, out string, amount trial.Amount, only string, again bool) error {
	figures := filepath.Join(out, "benchmarks", "figures.json")
	if !again {
		trials := trial.Trials{Amount: amount, Only: only, Say: func(format string, args ...any) {
			fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
		}}
		report, err := trials.Run(ctx)
		if err != nil {
			return err
		}
		text, err := json.MarshalIndent(report, "", "\t")
		if err != nil {
			return err
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(figures), 0o755), os.WriteFile(figures, text, 0o644)); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(figures)
	if err != nil {
		return err
	}
	var report result.Report
	if err := json.Unmarshal(text, &report); err != nil {
		return fmt.Errorf("read %s: %w", figures, err)
	}
	return page.Write(out, report)
}
