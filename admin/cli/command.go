package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Command is one of those that Main carries out.
type Command struct {
	Name     string // one word
	Aliases  []string
	Args     string // what follows the name, for the synopsis
	About    string // one line
	Text     string // what it does, for its page
	Examples string // lines of the form "status --json"; the program's name is put before each
	Words    []Word // what its first argument may be, for completion

	Alone bool // it looks for no master: it has none of the flags for that

	// Setup declares the flags and returns what is to be done with them.
	Setup func(*Call) func(context.Context) error
}

// A Word is part of a command line, for completion.
type Word struct {
	Name, About string
	Flags       []Option
	Words       []Word // what may follow it
}

// An Option is a flag of a Word.
type Option struct {
	Name   string // without dashes
	About  string
	Value  string   // what follows it; empty: nothing
	Values []string // all that may follow it, where these are few
}

// Commands are those of this package, in the order in which a person needs them.
func Commands() []Command {
	return []Command{
		statusCommand, listCommand, eventsCommand, historyCommand,
		restartCommand, upgradeCommand, rollbackCommand, holdCommand, unholdCommand,
		quarantineCommand, logLevelCommand, doctorCommand, pageCommand,
		completionCommand(), helpCommand(),
	}
}

// commands are all that Main carries out.
func (e Env) commands() []Command {
	all := Commands()
	return slices.Concat(all[:1], e.More, all[1:])
}

func (e Env) find(name string) (Command, bool) {
	for _, c := range e.commands() {
		if c.Name == name || slices.Contains(c.Aliases, name) {
			return c, true
		}
	}
	return Command{}, false
}

// Main carries out one command line and returns its exit code. It blocks until
// that is done, until --timeout is over or ctx ends; commands that go on, such as
// events -f, until ctx ends. Main may be called by several goroutines with an Env
// each.
func Main(ctx context.Context, e Env, args []string) int {
	e = e.settled()
	if len(args) == 0 {
		e.index(e.Stderr)
		return ExitUsage
	}
	name := args[0]
	if name == "-h" || name == "--help" || name == "-help" {
		name = "help"
	}
	c, ok := e.find(name)
	if !ok {
		fmt.Fprintf(e.Stderr, "%s: there is no command %q; %s help lists them\n", e.Program, clean(args[0]), e.Program)
		return ExitUsage
	}
	k := newCall(e, c)
	do := c.Setup(k)
	err := k.parse(args[1:])
	if errors.Is(err, errHelp) {
		k.page(e.Stdout)
		return ExitDone
	}
	if err == nil {
		err = do(ctx)
	}
	k.close()
	if err == nil {
		return ExitDone
	}
	return k.fail(err)
}

// lines puts the program's name before each line of a command's examples.
func (e Env) lines(examples string) string {
	var b strings.Builder
	for line := range strings.Lines(examples) {
		if line = strings.TrimSpace(line); line != "" {
			fmt.Fprintf(&b, "  %s %s\n", e.Program, line)
		}
	}
	return b.String()
}
