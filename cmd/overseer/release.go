package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/seed-3d078585/overseer/cmd/internal/publish"
)

// Exit codes of overseer release beside 0 and exitUsage.
const (
	exitFailed = 1
	exitVerify = 3 // what was looked at is not as it should be
	exitBusy   = 4 // another publisher has the directory
)

// errUsage is a command line that makes no sense.
var errUsage = errors.New("usage")

// errVerify is what makes verify end with its own code.
var errVerify = errors.New("verification failed")

func usagef(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errUsage}, args...)...)
}

// A releaseCommand is one of overseer release.
type releaseCommand struct {
	name     string // one word, or two for the group keys
	args     string // what follows the name
	about    string // one line
	text     string // what it does
	examples string

	ownSignals bool // it heeds them in its own way

	// setup declares the flags and returns what is to be done with them.
	setup func(*call) func(context.Context) error
}

// releaseCommands are in the order in which a person needs them.
func releaseCommands() []releaseCommand {
	return []releaseCommand{
		keygenCommand, initCommand, addCommand, publishCommand, showCommand, verifyCommand,
		promoteCommand, rolloutCommand, yankCommand, blockCommand,
		signCommand, discardCommand, uploadCommand, pruneCommand, serveCommand,
		keysInitCommand, keysAddCommand, keysRevokeCommand, keysRotateCommand, keysRenewCommand, keysSignCommand, keysShowCommand,
	}
}

func runRelease(ctx context.Context, args []string) int {
	if len(args) == 0 {
		releaseUsage(os.Stderr)
		return exitUsage
	}
	if name := strings.TrimLeft(args[0], "-"); name == "help" || name == "h" && args[0] != name {
		return releaseHelp(args[1:])
	}
	command, rest, ok := findRelease(args)
	if !ok {
		fmt.Fprintf(os.Stderr, "overseer release: there is no command %q; overseer release help lists them\n", strings.Join(args[:min(len(args), 2)], " "))
		return exitUsage
	}
	if command.ownSignals {
		return command.run(ctx, rest)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	return command.run(ctx, rest)
}

// findRelease takes the longest name that the arguments begin with.
func findRelease(args []string) (c releaseCommand, rest []string, ok bool) {
	for _, c := range releaseCommands() {
		words := strings.Fields(c.name)
		if len(args) >= len(words) && strings.Join(args[:len(words)], " ") == c.name {
			return c, args[len(words):], true
		}
	}
	return releaseCommand{}, nil, false
}

func (c releaseCommand) run(ctx context.Context, args []string) int {
	k := newCall(c)
	do := c.setup(k)
	err := k.parse(args)
	if errors.Is(err, errHelp) {
		c.help(os.Stdout)
		return 0
	}
	if err == nil {
		err = do(ctx)
	}
	if err == nil {
		return 0
	}
	k.fail(ctx, err)
	switch {
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, errVerify):
		return exitVerify
	case errors.Is(err, publish.ErrBusy):
		return exitBusy
	}
	return exitFailed
}
