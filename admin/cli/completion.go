package cli

import (
	"context"
	"flag"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func completionCommand() Command {
	return Command{
		Name: "completion", Args: "bash | zsh | fish", About: "write a script that completes command lines in a shell", Alone: true,
		Text: `
  bash  eval "$(PROGRAM completion bash)", in ~/.bashrc
  zsh   PROGRAM completion zsh > DIRECTORY/_NAME, in a directory of $fpath
  fish  PROGRAM completion fish > ~/.config/fish/completions/NAME.fish
`,
		Examples: "completion bash",
		Words:    []Word{{Name: "bash"}, {Name: "zsh"}, {Name: "fish"}},
		Setup: func(k *Call) func(context.Context) error {
			return func(context.Context) error {
				if len(k.Args) != 1 {
					return Usage("want bash, zsh or fish; got %q", k.Args)
				}
				script, ok := map[string]func(completed) string{"bash": bashScript, "zsh": zshScript, "fish": fishScript}[k.Args[0]]
				if !ok {
					return Usage("there is no completion for %q: want bash, zsh or fish", k.Args[0])
				}
				_, err := io.WriteString(k.Stdout, script(k.completed()))
				return err
			}
		},
	}
}

// A completed is a program whose command lines are completed.
type completed struct {
	name     string // of the program
	function string // prefix of the names of shell functions
	places   []place
}

// A place is what may follow the words of a path: "", "quarantine", "release add".
type place struct {
	path  string
	words []Word
	flags []Option
}

var noName = regexp.MustCompile(`[^A-Za-z0-9_]`)

func (k *Call) completed() completed {
	names := strings.Fields(k.Program)
	words := k.words()
	for _, name := range slices.Backward(names[1:]) {
		words = []Word{{Name: name, About: "look at the running service and steer it", Words: words}}
	}
	base := filepath.Base(names[0])
	c := completed{name: base, function: "_" + noName.ReplaceAllString(base, "_")}
	c.add("", Word{Words: words})
	return c
}

func (c *completed) add(path string, w Word) {
	c.places = append(c.places, place{path: path, words: w.Words, flags: w.Flags})
	for _, below := range w.Words {
		c.add(strings.TrimSpace(path+" "+below.Name), below)
	}
}

// words are all commands of the program.
func (k *Call) words() (all []Word) {
	for _, c := range k.commands() {
		other := newCall(k.Env, c)
		c.Setup(other)
		w := Word{Name: c.Name, About: c.About, Words: c.Words, Flags: Options(other.Flags, other.values)}
		if c.Name == "help" {
			for _, about := range k.commands() {
				w.Words = append(w.Words, Word{Name: about.Name, About: about.About})
			}
		}
		w.Words = slices.Clone(w.Words)
		for i := range w.Words { // flags may follow the first argument too
			w.Words[i].Flags = w.Flags
		}
		all = append(all, w)
		for _, alias := range c.Aliases {
			w.Name = alias
			all = append(all, w)
		}
	}
	return append(all, k.Others...)
}

// Options are the flags of a set, for completion. values are those that a flag may
// have, by its name; nil: any.
func Options(flags *flag.FlagSet, values map[string][]string) (all []Option) {
	flags.VisitAll(func(f *flag.Flag) {
		value, about := flag.UnquoteUsage(f)
		all = append(all, Option{Name: f.Name, About: about, Value: value, Values: values[f.Name]})
	})
	return all
}

// dashed is a flag as it is written.
func (o Option) dashed() string {
	if len(o.Name) == 1 {
		return "-" + o.Name
	}
	return "--" + o.Name
}

// ofFile reports whether a file is what follows a flag.
func (o Option) ofFile() bool {
	switch o.Value {
	case "FILE", "PATH", "DIRECTORY":
		return true
	}
	return false
}

// short is the first clause of a text, for a menu.
func short(about string) string {
	if i := strings.IndexAny(about, ";."); i > 0 {
		about = about[:i]
	}
	return cut(about, 70, "...")
}
