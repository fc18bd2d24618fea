// Command overseer runs programs of any language under package overseer, publishes
// releases for them and for programs that use that package, and looks at what runs
// and steers it.
//
//	overseer status    how a service is; events, history, restart, upgrade, rollback, doctor, …
//	overseer watch     the same in this terminal, as it happens
//	overseer run       a program of any language, restarted and upgraded without losing a request
//	overseer release   sign, publish and look after releases; overseer release help says more
//	overseer demo      a service upgraded and restarted under load, good releases and bad ones
//	overseer version   what was built from what
//	overseer help
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/seed-3d078585/overseer/admin/cli"
	"github.com/seed-3d078585/overseer/cmd/internal/demo"
)

// A command runs with the arguments after its name and returns an exit code.
type command struct {
	name   string
	about  string // empty: not listed
	action func(ctx context.Context, args []string) int
}

// exitUsage is the code for a command line that makes no sense.
const exitUsage = 2

func commands() []command {
	return []command{
		{"run", "run a program of any language, and upgrade it: overseer run --help", runProgram},
		{"release", "sign, publish and look after releases: overseer release help", runRelease},
		{"demo", "upgrade and restart a service under load, with good releases and bad ones (40 s)", runDemo},
		{"version", "print the version of this program", printVersion},
		{demo.ServiceCommand, "", demo.Serve},
	}
}

func main() { os.Exit(dispatch(os.Args[1:])) }

func dispatch(args []string) int {
	if len(args) == 0 {
		usage(os.Stderr)
		return exitUsage
	}
	name := strings.TrimLeft(args[0], "-")
	if name == "help" || name == "h" && args[0] != name {
		return printHelp(args[1:])
	}
	for _, c := range commands() {
		if c.name == name || c.about != "" && name == c.name[:1] && strings.HasPrefix(args[0], "-") {
			return c.action(context.Background(), args[1:])
		}
	}
	if e := controlEnv(); isControl(e, args[0]) {
		return runControl(context.Background(), e, args)
	}
	fmt.Fprintf(os.Stderr, "overseer: there is no command %q\n\n", args[0])
	usage(os.Stderr)
	return exitUsage
}

func runDemo(ctx context.Context, args []string) int {
	if len(args) > 0 {
		fmt.Fprintf(os.Stderr, "overseer demo: it takes no arguments, and got %q\n", args)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the demo at once; the service sees that
	return demo.Run(ctx, os.Stdout)
}

// printHelp lists all commands, or has one of them explain itself.
func printHelp(args []string) int {
	if len(args) == 0 {
		usage(os.Stdout)
		return 0
	}
	switch args[0] {
	case "run":
		runHelp(os.Stdout)
		return 0
	case "release":
		return releaseHelp(args[1:])
	case "demo", "version":
		usage(os.Stdout)
		return 0
	}
	return cli.Main(context.Background(), controlEnv(), append([]string{"help"}, args...))
}

func usage(w io.Writer) {
	fmt.Fprint(w, "overseer restarts and upgrades a running program without losing a request.\n\nusage: overseer COMMAND\n\n")
	for _, c := range commands() {
		if c.about != "" {
			fmt.Fprintf(w, "  %-11s %s\n", c.name, c.about)
		}
	}
	e := controlEnv()
	e.Others = nil
	fmt.Fprint(w, "\nTo look at a service that runs, and steer it:\n\n")
	e.List(w)
	fmt.Fprint(w, "\noverseer help COMMAND says everything about a command.\n")
}
