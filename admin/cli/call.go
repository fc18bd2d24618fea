package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// A Call is one command line. What a script reads goes to standard output; notes
// and progress go to standard error.
type Call struct {
	Env
	Flags *flag.FlagSet
	Args  []string // what is no flag
	JSON  bool     // --json

	command Command
	place   Place
	timeout time.Duration
	values  map[string][]string // of flags that take one of few, for completion
	strict  map[string]bool     // flags that take nothing else
	shown   string              // where the master is that was connected to
	reached string              // its socket, by a path that is short enough
	closers []func()
}

// timeoutOfReads bounds what only looks. Orders wait longer: orderTimeout.
const timeoutOfReads = 10 * time.Second

func newCall(e Env, c Command) *Call {
	k := &Call{Env: e, command: c, Flags: flag.NewFlagSet(c.Name, flag.ContinueOnError), timeout: timeoutOfReads, values: map[string][]string{}, strict: map[string]bool{}}
	k.Flags.SetOutput(io.Discard) // fail says it
	if c.Alone {
		return k
	}
	k.place.flags(k.Flags)
	k.Flags.BoolVar(&k.JSON, "json", false, "write JSON to standard output, for scripts")
	k.Flags.DurationVar(&k.timeout, "timeout", k.timeout, "`TIME` that it may take; a command that goes on has none unless it is given")
	return k
}

// oneOf notes which values a flag may have.
func (k *Call) oneOf(name string, values ...string) {
	k.suggest(name, values...)
	k.strict[name] = true
}

// suggest notes values of a flag for completion.
func (k *Call) suggest(name string, values ...string) { k.values[name] = values }

// parse takes flags before, between and after the other arguments. What follows
// -- is no flag.
func (k *Call) parse(args []string) error {
	for len(args) > 0 {
		before := len(args)
		if err := k.Flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			return errHelp
		} else if err != nil {
			return Usage("%v", err)
		}
		rest := k.Flags.Args()
		if taken := before - len(rest); taken > 0 && args[taken-1] == "--" {
			k.Args = append(k.Args, rest...)
			break
		}
		if len(rest) == 0 {
			break
		}
		k.Args = append(k.Args, rest[0])
		args = rest[1:]
	}
	for name, values := range k.values {
		if !k.strict[name] {
			continue
		}
		if v := k.Flags.Lookup(name).Value.String(); v != "" && !slices.Contains(values, v) {
			return Usage("--%s %q: want one of %s", name, v, strings.Join(values, ", "))
		}
	}
	if k.timeout <= 0 {
		return Usage("--timeout %s: want more than 0", k.timeout)
	}
	return k.place.check()
}

// Given reports whether a flag is on the command line.
func (k *Call) Given(name string) (is bool) {
	k.Flags.Visit(func(f *flag.Flag) { is = is || f.Name == name })
	return is
}

// none says that there is something where nothing is wanted.
func (k *Call) none() error {
	if len(k.Args) > 0 {
		return Usage("it takes no arguments, and got %q", k.Args)
	}
	return nil
}

// bounded returns a context that ends with --timeout.
func (k *Call) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, k.timeout)
}

// Result writes what a command has found or done: v for a script, text for a
// person.
func (k *Call) Result(v any, text string) error {
	if k.JSON {
		return k.writeJSON(v)
	}
	_, err := io.WriteString(k.Stdout, text)
	return err
}

func (k *Call) writeJSON(v any) error {
	enc := json.NewEncoder(k.Stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// say writes a line of progress.
func (k *Call) say(format string, args ...any) {
	fmt.Fprintln(k.Stderr, clean(fmt.Sprintf(format, args...)))
}

// asks reports whether a person is asked.
func (k *Call) asks(yes bool) bool { return k.Asks && !yes && !k.JSON }

// sure asks a person. Where nobody can be asked the answer is yes: a script means
// what it says.
func (k *Call) sure(ctx context.Context, yes bool, question string) error {
	if !k.asks(yes) {
		return nil
	}
	fmt.Fprintf(k.Stderr, "%s [y/N] ", clean(question))
	answer := make(chan string, 1)
	go func() { // ends with standard input, or with the process: a read cannot be called off
		line, _ := bufio.NewReader(io.LimitReader(k.Stdin, 100)).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case a := <-answer:
		if a == "y" || a == "yes" {
			return nil
		}
	case <-ctx.Done():
		fmt.Fprintln(k.Stderr)
	}
	return errors.New("it was not confirmed, and nothing was done; --yes asks nothing")
}

func (k *Call) close() {
	for _, f := range k.closers {
		f()
	}
}
