package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

func helpCommand() Command {
	return Command{
		Name: "help", Args: "[COMMAND]", About: "say everything about a command", Alone: true,
		Text: `
Without a command it lists all of them.
`,
		Examples: "help rollback",
		Setup: func(k *Call) func(context.Context) error {
			return func(context.Context) error {
				switch len(k.Args) {
				case 0:
					k.index(k.Stdout)
					return nil
				case 1:
					if c, ok := k.find(k.Args[0]); ok {
						other := newCall(k.Env, c)
						c.Setup(other)
						other.page(k.Stdout)
						return nil
					}
				}
				return Usage("there is no command %q", strings.Join(k.Args, " "))
			}
		},
	}
}

// index lists all commands.
func (e Env) index(w io.Writer) {
	fmt.Fprintf(w, "%s looks at a running service and steers it.\n\nusage: %s COMMAND [flags]\n\n", e.Program, e.Program)
	e.List(w)
	fmt.Fprintf(w, "\n%s help COMMAND says everything about a command.\n", e.Program)
}

// List writes a line for each command, and for each of the program's others.
func (e Env) List(w io.Writer) {
	for _, c := range e.commands() {
		fmt.Fprintf(w, "  %-11s %s\n", c.Name, c.About)
	}
	for _, o := range e.Others {
		fmt.Fprintf(w, "  %-11s %s\n", o.Name, o.About)
	}
}

// page writes the page of a command. Its flags are declared.
func (k *Call) page(w io.Writer) {
	c := k.command
	fmt.Fprintf(w, "%s %s: %s\n\nUsage:\n", k.Program, c.Name, c.About)
	synopsis := strings.TrimRight(k.Program+" "+c.Name+" "+c.Args, " ")
	if !c.Alone {
		synopsis += " [flags]"
	}
	fmt.Fprintf(w, "  %s\n", synopsis)
	for _, other := range c.Aliases {
		fmt.Fprintf(w, "  %s %s is the same\n", k.Program, other)
	}
	fmt.Fprintf(w, "\n%s", strings.ReplaceAll(strings.TrimLeft(c.Text, "\n"), "PROGRAM", k.Program))
	var own, common []*flag.Flag
	k.Flags.VisitAll(func(f *flag.Flag) {
		if slices.Contains(commonFlags, f.Name) {
			common = append(common, f)
		} else {
			own = append(own, f)
		}
	})
	writeFlags(w, "Flags", own)
	writeFlags(w, "Flags of all commands", common)
	if c.Examples != "" {
		fmt.Fprintf(w, "\nExamples:\n%s", k.lines(c.Examples))
	}
	fmt.Fprint(w, "\n"+exitCodes)
}

var commonFlags = []string{"socket", "pid", "name", "url", "token-file", "json", "timeout"}

func writeFlags(w io.Writer, title string, flags []*flag.Flag) {
	if len(flags) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", title)
	for _, f := range flags {
		WriteFlag(w, f)
	}
}

// WriteFlag writes what a help page says of a flag: its name, its value as the
// usage names it in back quotes, what it is about, and its default.
func WriteFlag(w io.Writer, f *flag.Flag) {
	value, about := flag.UnquoteUsage(f)
	name := "--" + f.Name
	if len(f.Name) == 1 {
		name = "-" + f.Name
	}
	if value != "" {
		name += " " + value
	}
	switch f.DefValue {
	case "", "0", "0s", "0d", "[]", "false":
	default:
		about += " (default " + f.DefValue + ")"
	}
	fmt.Fprintf(w, "  %s\n", name)
	for _, line := range wrap(about, 68) {
		fmt.Fprintf(w, "        %s\n", line)
	}
}

// wrap breaks a text into lines. A word that is longer than a line has one of its
// own.
func wrap(text string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && runes(line)+1+runes(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
