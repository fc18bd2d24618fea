package cli

import (
	"io"
	"os"
	"strings"
	"time"
)

// An Env is what surrounds the commands. [Standard] makes the usual one.
type Env struct {
	Stdin          io.Reader // nil: there is nobody to ask
	Stdout, Stderr io.Writer // nil: nothing is written

	// Program is how the commands are called, for texts: "overseer".
	Program string

	// Socket is that of the service that is meant where no flag names another.
	// Empty: it is looked for.
	Socket string

	// Binary is the installed program of the service that is meant, StateDir its
	// state directory: it is looked for by these. Both empty: all that run are
	// looked at. Doctor looks at them too, also while nothing runs.
	Binary, StateDir string

	Asks     bool // questions may be asked: standard input and output are a terminal
	Terminal bool // standard output is one
	Width    int  // its columns; 0: not known

	Getenv func(string) string // nil: there are no variables
	Now    func() time.Time    // nil: time.Now

	// More are commands beside those of this package; Others are the words of
	// the program that are none of its commands, for help and completion.
	More   []Command
	Others []Word
}

// Standard is the Env of this process. program is how the commands are called.
func Standard(program string) Env {
	terminal := isTerminal(os.Stdout)
	return Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Program:  program,
		Terminal: terminal,
		Asks:     terminal && isTerminal(os.Stdin),
		Width:    columns(os.Stdout),
		Getenv:   os.Getenv,
	}
}

// settled fills in what was left out.
func (e Env) settled() Env {
	if e.Stdout == nil {
		e.Stdout = io.Discard
	}
	if e.Stderr == nil {
		e.Stderr = io.Discard
	}
	if e.Stdin == nil {
		e.Stdin, e.Asks = strings.NewReader(""), false
	}
	if e.Program == "" {
		e.Program = "overseer"
	}
	if e.Getenv == nil {
		e.Getenv = func(string) string { return "" }
	}
	if e.Now == nil {
		e.Now = time.Now
	}
	return e
}

// Unicode reports whether the terminal shows more than ASCII: locale(7).
func (e Env) Unicode() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(e.Getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

// Colour reports whether colours are wanted: no-color.org.
func (e Env) Colour() bool {
	return e.Terminal && e.Getenv("NO_COLOR") == "" && e.Getenv("TERM") != "dumb"
}
