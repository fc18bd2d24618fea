package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	if os.Getenv(serviceVariable) != "" {
		service()
		return
	}
	code, err := command(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		code = 1
	}
	os.Exit(code)
}

// options are the command line's.
type options struct {
	span    time.Duration
	seed    uint64
	steps   int
	replay  string
	json    bool
	quiet   bool
	write   string
	shrink  time.Duration
	mutants bool
	jumps   bool
	only    string
}

func readOptions(args []string) (o options, err error) {
	f := flag.NewFlagSet("torture", flag.ContinueOnError)
	f.DurationVar(&o.span, "for", 2*time.Minute, "how `long`")
	f.Uint64Var(&o.seed, "seed", 0, "of the schedule; 0: a new one")
	f.IntVar(&o.steps, "steps", 0, "end after so many steps; 0: by time alone")
	f.StringVar(&o.replay, "replay", "", "carry out the steps in a `file` that a violation has left")
	f.BoolVar(&o.json, "json", false, "write the report as JSON")
	f.BoolVar(&o.quiet, "q", false, "do not tell what happens while it does")
	f.StringVar(&o.write, "o", "", "add the figures to this `file`")
	f.DurationVar(&o.shrink, "shrink", 5*time.Minute, "how long to look for fewer steps that break the same promise")
	f.BoolVar(&o.jumps, "jumps", false, "have the wall clock of the service jump too: builds this command anew first, of the module in the working directory")
	f.BoolVar(&o.mutants, "mutants", false, "put bugs into copies of this module, which is the working directory, and say what finds them")
	f.StringVar(&o.only, "only", "", "of the mutants, try the one of this `name`")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("an argument too many: %q", f.Arg(0))
	}
	if o.seed == 0 {
		o.seed = rand.Uint64N(1 << 32)
	}
	return o, nil
}

func command(args []string) (code int, err error) {
	o, err := readOptions(args)
	if errors.Is(err, flag.ErrHelp) {
		return 2, nil
	}
	if err != nil {
		return 2, err
	}
	// What this process was left by its shell is nothing of the service's.
	unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) // before Linux 5.11 it stays
	root := os.Geteuid() == 0
	if o.mutants {
		return tryMutants(o)
	}
	if o.jumps && os.Getenv(jumpsVariable) == "" {
		return withJumps(args)
	}
	if root && os.Getenv(insideVariable) == "" {
		return enclose(args)
	}
	if root {
		if err := settle(); err != nil {
			return 1, err
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	return torture(ctx, root, o)
}

// torture carries a schedule out and tells what came of it.
func torture(ctx context.Context, root bool, o options) (code int, err error) {
	next := scheduled(o)
	if o.replay != "" {
		r, err := recorded(o.replay)
		if err != nil {
			return 1, err
		}
		next, o.seed = listed(r.Steps), r.Seed
	}
	var out io.Writer = os.Stderr
	if o.quiet {
		out = nil
	}
	fmt.Fprintf(os.Stderr, "torture: seed %d\n", o.seed)
	s := newStory(out)
	r, err := drive(ctx, root, s, o.seed, next)
	if err != nil {
		return 1, err
	}
	if r.Violation != nil {
		fmt.Fprint(os.Stderr, s.transcript())
		r.Steps = shrink(ctx, root, o, r)
	}
	if o.json {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "\t")
		err = enc.Encode(r)
	} else {
		_, err = fmt.Print(r)
	}
	if r.Violation != nil {
		return 1, errors.Join(err, keep(r))
	}
	if o.write != "" {
		err = errors.Join(err, addToPage(o.write, r))
	}
	return 0, err
}

// scheduled returns the steps of a seed, until the time is over.
func scheduled(o options) func() (step, bool) {
	until := time.Now().Add(o.span)
	index := 0
	return func() (step, bool) {
		if time.Now().After(until) || o.steps > 0 && index == o.steps {
			return step{}, false
		}
		index++
		return stepOf(o.seed, index), true
	}
}
