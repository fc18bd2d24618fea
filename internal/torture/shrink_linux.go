package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"
)

// violationFile is where the steps that break a promise are kept.
const violationFile = "torture-violation.json"

// shrink looks for fewer steps that break the same promise: it leaves out ever
// smaller parts, for as long as it is told. A race does not show each time, so what
// it returns breaks the promise at times, not always.
func shrink(ctx context.Context, root bool, o options, r *report) []step {
	steps := r.Steps
	until := time.Now().Add(o.shrink)
	breaks := func(some []step) bool {
		s := newStory(nil)
		again, err := drive(ctx, root, s, r.Seed, listed(some))
		return err == nil && again.Violation != nil && again.Violation.Promise == r.Violation.Promise
	}
	for part := (len(steps) + 1) / 2; part > 0; part /= 2 {
		for from := 0; from < len(steps); {
			if time.Now().After(until) || ctx.Err() != nil {
				return steps
			}
			to := min(from+part, len(steps))
			some := slices.Concat(steps[:from], steps[to:])
			if len(some) > 0 && breaks(some) {
				steps = some
				fmt.Fprintf(os.Stderr, "torture: %d steps break it too\n", len(steps))
			} else {
				from = to
			}
		}
	}
	return steps
}

func listed(steps []step) func() (step, bool) {
	i := 0
	return func() (step, bool) {
		if i == len(steps) {
			return step{}, false
		}
		i++
		return steps[i-1], true
	}
}

// A recording is what is kept of a violation. Its seed says what host it was.
type recording struct {
	Seed      uint64     `json:"seed"`
	Violation *violation `json:"violation,omitempty"`
	Steps     []step     `json:"steps"`
}

// keep writes the steps for -replay.
func keep(r *report) error {
	text, err := json.MarshalIndent(recording{r.Seed, r.Violation, r.Steps}, "", "\t")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "torture: %d steps that break it are in %s; again: go run ./internal/torture -replay %[2]s\n", len(r.Steps), violationFile)
	return os.WriteFile(violationFile, append(text, '\n'), 0o644)
}

func recorded(path string) (r recording, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("read %q: %w", path, err)
	}
	return r, nil
}
