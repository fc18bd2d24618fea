package main

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/seed-3d078585/overseer/admin/cli"
	"github.com/seed-3d078585/overseer/cmd/internal/watch"
)

// controlEnv is what surrounds the commands that look at a running service and
// steer it.
func controlEnv() cli.Env {
	e := cli.Standard("overseer")
	e.More = []cli.Command{watch.Command, metricsCommand}
	e.Others = ownWords()
	return e
}

// isControl reports whether a name is one of theirs.
func isControl(e cli.Env, name string) bool {
	for _, c := range append(cli.Commands(), e.More...) {
		if c.Name == name {
			return true
		}
		for _, a := range c.Aliases {
			if a == name {
				return true
			}
		}
	}
	return false
}

func runControl(ctx context.Context, e cli.Env, args []string) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	return cli.Main(ctx, e, args)
}

// ownWords are the commands of this program, for completion.
func ownWords() (all []cli.Word) {
	for _, c := range commands() {
		if c.about == "" {
			continue
		}
		w := cli.Word{Name: c.name, About: c.about}
		switch c.name {
		case "run":
			w.Flags = cli.Options(newRunLine().flags, map[string][]string{
				"ready": {"notify", "probe"}, "keep-alive": {"never", "on-failure", "always"},
			})
		case "release":
			w.Words = releaseWords()
		}
		all = append(all, w)
	}
	return all
}

// releaseWords are the commands of overseer release; a name of two words is one
// below the other.
func releaseWords() (all []cli.Word) {
	for _, c := range releaseCommands() {
		k := newCall(c)
		c.setup(k)
		first, second, two := strings.Cut(c.name, " ")
		w := cli.Word{Name: first, About: c.about, Flags: cli.Options(k.flags, nil)}
		if !two {
			all = append(all, w)
			continue
		}
		w.Name = second
		if n := len(all); n > 0 && all[n-1].Name == first {
			all[n-1].Words = append(all[n-1].Words, w)
		} else {
			all = append(all, cli.Word{Name: first, About: "the list of release keys", Words: []cli.Word{w}})
		}
	}
	return append(all, cli.Word{Name: "help", About: "say everything about a command", Words: names(all)})
}

// names are words alone.
func names(words []cli.Word) (all []cli.Word) {
	for _, w := range words {
		all = append(all, cli.Word{Name: w.Name, About: w.About, Words: names(w.Words)})
	}
	return all
}
