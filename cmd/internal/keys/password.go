package keys

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
)

// PasswordVariable names the environment variable that holds the password of a
// secret key, for a machine that has nobody to ask.
const PasswordVariable = "OVERSEER_KEY_PASSWORD"

// Passwords says where those of secret keys come from.
type Passwords struct {
	// Known are tried first, each for each key.
	Known []string

	// Ask asks a person. Nil: there is nobody.
	Ask func(prompt string) (string, error)
}

// FindPasswords returns those of a file, one a line, that of the environment,
// and the terminal of this process where it has one, which asks until ctx ends.
// An empty path is no file.
func FindPasswords(ctx context.Context, path string) (Passwords, error) {
	var p Passwords
	if path != "" {
		text, err := readSmall(path)
		if err != nil {
			return Passwords{}, fmt.Errorf("read password file: %w", err)
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimRight(line, "\r\n"); line != "" {
				p.Known = append(p.Known, line)
			}
		}
		if len(p.Known) == 0 {
			return Passwords{}, fmt.Errorf("read password file %q: it is empty: %w", path, ErrPassword)
		}
	}
	if password := os.Getenv(PasswordVariable); password != "" {
		p.Known = append(p.Known, password)
	}
	if in := int(os.Stdin.Fd()); term.IsTerminal(in) {
		p.Ask = func(prompt string) (string, error) { return askTerminal(ctx, in, prompt) }
	}
	return p, nil
}

// New returns the password for a key that is being made, which a person gives
// twice.
func (p Passwords) New() (string, error) {
	if len(p.Known) > 0 {
		return p.Known[0], nil
	}
	if p.Ask == nil {
		return "", fmt.Errorf("%w: %s", ErrPassword, p.missing())
	}
	first, err := p.Ask("Password for the new key: ")
	if err != nil {
		return "", err
	}
	if first == "" {
		return "", fmt.Errorf("%w: it is empty; --no-password makes a key without one", ErrPassword)
	}
	second, err := p.Ask("The same again: ")
	if err != nil {
		return "", err
	}
	if first != second {
		return "", fmt.Errorf("%w: the two differ", ErrPassword)
	}
	return first, nil
}

func (p Passwords) missing() string {
	if len(p.Known) > 0 {
		return "none of those in " + PasswordVariable + " and --password-file is the one of this key"
	}
	return "there is no terminal to ask on; set " + PasswordVariable + " or give --password-file"
}

// askTerminal reads a line without echo. Where ctx ends first, the terminal is
// put back as it was, and the read is left behind: the process is about to end.
func askTerminal(ctx context.Context, in int, prompt string) (string, error) {
	before, err := term.GetState(in)
	if err != nil {
		return "", errors.Join(ErrPassword, err)
	}
	type answer struct {
		text []byte
		err  error
	}
	got := make(chan answer, 1)
	fmt.Fprint(os.Stderr, prompt)
	go func() {
		text, err := term.ReadPassword(in)
		got <- answer{text, err}
	}()
	defer fmt.Fprintln(os.Stderr)
	select {
	case a := <-got:
		if a.err != nil {
			return "", errors.Join(ErrPassword, a.err)
		}
		return string(a.text), nil
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(in, before))
	}
}
