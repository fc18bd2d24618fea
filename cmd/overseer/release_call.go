package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/cmd/internal/period"
	"github.com/seed-3d078585/overseer/cmd/internal/progress"
	"github.com/seed-3d078585/overseer/cmd/internal/publish"
)

var errHelp = errors.New("help is asked for")

// A call is one command line. What a script reads goes to standard output; notes
// and progress go to standard error.
type call struct {
	command releaseCommand
	flags   *flag.FlagSet
	args    []string // what is no flag

	json  bool
	quiet bool
	wait  period.Period
}

func newCall(c releaseCommand) *call {
	k := &call{command: c, flags: flag.NewFlagSet(c.name, flag.ContinueOnError)}
	k.flags.SetOutput(io.Discard) // run says it
	k.flags.BoolVar(&k.json, "json", false, "write one JSON object to standard output, for scripts")
	k.flags.BoolVar(&k.quiet, "quiet", false, "write neither notes nor progress")
	k.wait = period.Period(10 * time.Second)
	k.flags.Var(&k.wait, "wait", "how long to wait for another publisher who is at work, as a `PERIOD`")
	return k
}

// parse takes flags before, between and after the other arguments. What follows
// -- is no flag.
func (k *call) parse(args []string) error {
	for len(args) > 0 {
		before := len(args)
		if err := k.flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			return errHelp
		} else if err != nil {
			return usagef("%v", err)
		}
		rest := k.flags.Args()
		if taken := before - len(rest); taken > 0 && args[taken-1] == "--" {
			k.args = append(k.args, rest...)
			return nil
		}
		if len(rest) == 0 {
			return nil
		}
		k.args = append(k.args, rest[0])
		args = rest[1:]
	}
	return nil
}

// given reports whether a flag is on the command line.
func (k *call) given(name string) (is bool) {
	k.flags.Visit(func(f *flag.Flag) { is = is || f.Name == name })
	return is
}

// want returns the arguments, which must be those of the synopsis.
func (k *call) want(names ...string) ([]string, error) {
	if len(k.args) != len(names) {
		return nil, usagef("want %s, got %q", strings.Join(names, " "), k.args)
	}
	return k.args, nil
}

// open opens a release directory and has its notes and work shown.
func (k *call) open(dir string) (*publish.Directory, error) {
	return publish.Open(dir, k.options())
}

func (k *call) options() publish.Options {
	return publish.Options{Say: k.note, Work: k.work(), Wait: max(k.wait.Duration(), time.Millisecond)}
}

// note writes what a person should know.
func (k *call) note(remark string) {
	if !k.quiet {
		fmt.Fprintln(os.Stderr, "note: "+remark)
	}
}

func (k *call) work() func(string, int64) (func(int64), func()) {
	if k.quiet {
		return nil
	}
	return progress.New(os.Stderr).Begin
}

// result writes what a command has done: v for a script, text for a person.
func (k *call) result(v any, text string) error {
	if !k.json {
		_, err := fmt.Fprint(os.Stdout, text)
		return err
	}
	enc := json.NewEncoder(os.Stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// fail says why a command did not do what it should.
func (k *call) fail(ctx context.Context, err error) {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errors.New("interrupted; nothing that hosts read is half done")
	}
	fmt.Fprintf(os.Stderr, "overseer release %s: %v\n", k.command.name, err)
	if errors.Is(err, errUsage) {
		fmt.Fprintf(os.Stderr, "overseer release help %s says more\n", k.command.name)
	}
}
