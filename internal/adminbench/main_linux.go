package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	if played() {
		return
	}
	out := flag.String("o", filepath.Join("docs", "admin-figures.md"), "file to write")
	quick := flag.Bool("quick", false, "measure little, to see that it works")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	amount := whole
	if *quick {
		amount = little
	}
	err := func() error {
		r, err := measure(ctx, amount)
		if err != nil {
			return err
		}
		page := r.page()
		fmt.Print(page)
		return errors.Join(r.check(), os.WriteFile(*out, []byte(page), 0o644))
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, "adminbench:", err)
		os.Exit(1)
	}
}

// An amount is how much is measured.
type amount struct {
	masters  int           // of each kind, for memory
	restarts int           // of each of these
	statuses int           // asked of each master that is asked
	settle   time.Duration // for which clients look before memory is read
	crowd    int           // clients that follow

	rounds int           // of requests
	parts  int           // of each, in turns with those of the others
	part   time.Duration // of one
	few    int           // clients that follow meanwhile

	calm  time.Duration // in which a master does little, before the quiet is measured
	quiet time.Duration // of the load that the master must not notice
	rate  int           // its requests a second

	fanRounds int // of fan-out in turns
	events    int // in each
	turns     int // of the real master with nobody, one client and the crowd
	changes   int // restarts in each
}

var (
	whole = amount{
		masters: 5, restarts: 5, statuses: 1000, settle: 3 * time.Second, crowd: 100,
		rounds: 9, parts: 8, part: time.Second / 8, few: 10,
		calm: time.Second, quiet: 5 * time.Second, rate: 1000,
		fanRounds: 5, events: 1000, turns: 4, changes: 5,
	}
	little = amount{
		masters: 1, restarts: 1, statuses: 5, settle: time.Millisecond, crowd: 4,
		rounds: 1, parts: 2, part: 20 * time.Millisecond, few: 2,
		calm: time.Millisecond, quiet: 100 * time.Millisecond, rate: 100,
		fanRounds: 1, events: 50, turns: 1, changes: 2,
	}
)

// A result is all that was measured.
type result struct {
	amount
	began, ended time.Time
	load         [2]float64 // of the machine, over a minute, before and after
	memory       []memoryRow
	requests     []requestRow
	quiet        []quietRow
	fan          fanResult
	real         []realRow
}

func measure(ctx context.Context, a amount) (r result, err error) {
	r.amount, r.began, r.load[0] = a, time.Now(), loadAverage()
	for _, part := range []struct {
		name string
		do   func() error
	}{
		{"memory", func() (err error) { r.memory, err = measureMemory(ctx, a); return err }},
		{"requests", func() (err error) { r.requests, err = measureRequests(ctx, a); return err }},
		{"a master that nobody looks at", func() (err error) { r.quiet, err = measureQuiet(ctx, a); return err }},
		{"fan-out", func() (err error) { r.fan, err = measureFan(ctx, a); return err }},
		{"fan-out of a real master", func() (err error) { r.real, err = measureReal(ctx, a); return err }},
	} {
		fmt.Fprintln(os.Stderr, "adminbench:", part.name)
		if err := part.do(); err != nil {
			return r, fmt.Errorf("%s: %w", part.name, err)
		}
	}
	r.ended, r.load[1] = time.Now(), loadAverage()
	return r, nil
}

// check returns what must not be, on whatever machine.
func (r result) check() error {
	var all []error
	for _, q := range r.requests {
		if q.failed > 0 {
			all = append(all, fmt.Errorf("%s: %d requests failed", q.name, q.failed))
		}
	}
	base := r.quiet[0]
	for _, q := range r.quiet {
		if q.failed > 0 {
			all = append(all, fmt.Errorf("%s: %d requests failed", q.name, q.failed))
		}
		if q.held != base.held {
			all = append(all, fmt.Errorf("the worker has %d goroutines and %d descriptors with %s, and %d and %d with %s: want the same",
				q.goroutines, q.descriptors, q.name, base.goroutines, base.descriptors, base.name))
		}
	}
	return errors.Join(all...)
}
