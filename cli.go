package overseer

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/seed-3d078585/overseer/admin/cli"
	"github.com/seed-3d078585/overseer/internal/store"
)

// HandleCLI gives a program the commands by which its running service is looked at
// and steered: where the first argument is word, it carries out the ones that
// follow, against the service that c describes, and ends the process with their
// exit code. Else it returns at once. An empty word means "overseer":
//
//	app overseer status
//	app overseer restart --reason 'new certificate'
//	app overseer help
//
// It comes before Run, with the same Config; what c has no use for here is not
// looked at. In a worker, a successor and a fetch process it does nothing. Flags
// such as --pid and --socket name another service.
func HandleCLI(c Config, word string) {
	if word == "" {
		word = "overseer"
	}
	if isWorker || isSuccessor || isFetchProcess || question.Successor || len(os.Args) < 2 || os.Args[1] != word {
		return
	}
	program := filepath.Base(os.Args[0]) + " " + word
	e := cli.Standard(program)
	if err := c.whereabouts(&e); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", program, err)
		os.Exit(cli.ExitFailed)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	os.Exit(cli.Main(ctx, e, os.Args[2:]))
}

// whereabouts says where the service of a Config is found. Nothing is opened.
func (c Config) whereabouts(e *cli.Env) error {
	s := settled{Config: c}
	for _, settle := range []func() error{s.settleCommand, s.settleBinary, s.settleAdmin} {
		if err := settle(); err != nil {
			return fmt.Errorf("%w: %w", ErrConfig, err)
		}
	}
	e.Socket, e.Binary = s.Admin.Socket, s.binary
	var at *store.Store
	var err error
	if s.command != nil && s.command.Home != "" {
		at, err = store.OpenTrees(store.Trees{Home: s.command.Home, Program: filepath.ToSlash(s.command.inTree)}, s.StateDir)
	} else {
		at, err = store.Open(s.binary, s.StateDir)
	}
	if err != nil {
		return err
	}
	e.StateDir = at.Dir()
	return nil
}
