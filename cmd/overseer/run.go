package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/cmd/internal/runfile"
)

// A runLine is the command line of overseer run.
type runLine struct {
	flags   *flag.FlagSet
	file    string
	check   bool
	given   []setting // in the order of the line
	program []string
}

type setting struct{ key, text string }

// runProgram is overseer run. It returns only where it could not begin, or had
// something else to do.
func runProgram(_ context.Context, args []string) int {
	l := newRunLine()
	err := l.parse(args)
	if errors.Is(err, flag.ErrHelp) {
		runHelp(os.Stdout)
		return 0
	}
	var config overseer.Config
	if err == nil {
		config, err = l.config()
	}
	switch {
	case err != nil:
		fmt.Fprintf(os.Stderr, "overseer run: %v\n", err)
		return exitUsage
	case l.check:
		fmt.Printf("it can run %q\n", config.Command.Args)
		return 0
	}
	overseer.Run(config)
	return exitFailed // not reached: with Required it ends the process
}

func newRunLine() *runLine {
	l := &runLine{flags: flag.NewFlagSet("run", flag.ContinueOnError)}
	l.flags.SetOutput(io.Discard) // runProgram says it
	l.flags.StringVar(&l.file, "f", "", "`FILE` of settings, in TOML: each flag below is a key there, without the dashes, and program is the list of the program and its arguments. Flags override it")
	l.flags.BoolVar(&l.check, "check-config", false, "say whether the settings are right, and run nothing")
	for _, f := range runFlags {
		l.flags.Var(&runFlag{line: l, key: f.name}, f.name, f.usage)
	}
	return l
}

func (l *runLine) parse(args []string) error {
	if err := l.flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return fmt.Errorf("%w; overseer run --help has all flags", err)
	}
	l.program = l.flags.Args()
	return nil
}

// config joins the file and the line.
func (l *runLine) config() (overseer.Config, error) {
	var s runfile.Settings
	if l.file != "" {
		var err error
		if s, err = runfile.Read(l.file); err != nil {
			return overseer.Config{}, err
		}
	}
	var seen []string
	for _, one := range l.given {
		if err := s.Set(one.key, one.text, !slices.Contains(seen, one.key)); err != nil {
			return overseer.Config{}, fmt.Errorf("--%s: %w", one.key, err)
		}
		seen = append(seen, one.key)
	}
	if len(l.program) > 0 {
		s.Program = l.program
		seen = append(seen, "program")
	}
	config, err := s.Config()
	if err != nil {
		return overseer.Config{}, l.place(err, seen)
	}
	return config, nil
}

// place says where the setting stands that an error is about.
func (l *runLine) place(err error, seen []string) error {
	key := runfile.KeyOf(err)
	switch {
	case key == "":
		return err
	case slices.Contains(seen, key) && key != "program":
		return fmt.Errorf("--%w", err)
	case l.file == "" || slices.Contains(seen, key):
		return err
	}
	if line := runfile.LineOf(l.file, key); line > 0 {
		text := strings.TrimLeft(strings.TrimPrefix(err.Error(), key), ": ")
		return fmt.Errorf("%s:%d: key %q: %s", l.file, line, key, text)
	}
	return fmt.Errorf("%s: %w", l.file, err)
}

// A runFlag notes what the line gives, so that it can follow the file.
type runFlag struct {
	line *runLine
	key  string
}

func (f *runFlag) String() string { return "" }

func (f *runFlag) Set(text string) error {
	var scratch runfile.Settings
	if err := scratch.Set(f.key, text, true); err != nil {
		return err
	}
	f.line.given = append(f.line.given, setting{f.key, text})
	return nil
}

func (f *runFlag) IsBoolFlag() bool { return runfile.IsBool(f.key) }
