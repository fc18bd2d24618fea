package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/seed-3d078585/overseer/admin/cli"
)

const releaseAbout = `overseer release keeps a release directory: what hosts read to upgrade
themselves. It is served by any web server, or copied to a bucket or a registry.

usage: overseer release COMMAND

`

const releaseMore = `
overseer release help COMMAND says everything about a command.

From nothing to the first release:

  overseer release keygen -o release.key
  overseer release init DIR --product app --pub release.pub
  overseer release add DIR --version 1.0.0 linux/amd64=app
  overseer release publish DIR --key release.key
`

// releaseCodes are the same for all commands.
const releaseCodes = `Exit codes:
  0  done; or there was nothing to do
  1  it failed, and says why and what became of it
  2  the command line makes no sense
  3  verification failed
  4  another publisher is at work in the directory; try again
`

func releaseUsage(w io.Writer) {
	fmt.Fprint(w, releaseAbout)
	for _, c := range releaseCommands() {
		fmt.Fprintf(w, "  %-12s %s\n", c.name, c.about)
	}
	fmt.Fprint(w, releaseMore)
}

func releaseHelp(args []string) int {
	if len(args) == 0 {
		releaseUsage(os.Stdout)
		return 0
	}
	if c, rest, ok := findRelease(args); ok && len(rest) == 0 {
		c.help(os.Stdout)
		return 0
	}
	found := false
	for _, c := range releaseCommands() {
		if strings.HasPrefix(c.name, strings.Join(args, " ")+" ") {
			fmt.Fprintf(os.Stdout, "  %-12s %s\n", c.name, c.about)
			found = true
		}
	}
	if found {
		return 0
	}
	fmt.Fprintf(os.Stderr, "overseer release help: there is no command %q\n", strings.Join(args, " "))
	return exitUsage
}

// help writes the page of a command.
func (c releaseCommand) help(w io.Writer) {
	fmt.Fprintf(w, "overseer release %s: %s\n\n", c.name, c.about)
	fmt.Fprintf(w, "Usage:\n  overseer release %s %s\n\n%s\n", c.name, c.args, strings.TrimLeft(c.text, "\n"))
	k := newCall(c)
	c.setup(k)
	fmt.Fprint(w, "Flags:\n")
	k.flags.VisitAll(func(f *flag.Flag) { cli.WriteFlag(w, f) })
	if c.examples != "" {
		fmt.Fprintf(w, "\nExamples:\n%s", strings.TrimLeft(c.examples, "\n"))
	}
	fmt.Fprint(w, "\n"+releaseCodes)
}
