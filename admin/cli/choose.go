package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ofPID picks the master that a process is, or comes from.
func (k *Call) ofPID(all []found, pid int) (found, error) {
	line, err := ancestors(pid)
	if err != nil {
		return found{}, &lostError{message: fmt.Sprintf("there is no process %d", pid)}
	}
	for _, p := range line { // the nearest first
		for _, f := range all {
			if f.pid == p {
				return f, nil
			}
		}
	}
	hint := "it neither is one nor was started by one; it may be of another user (try sudo), or have no socket (Config.Admin)"
	return found{}, &lostError{message: fmt.Sprintf("process %d belongs to no master that can be seen: %s", pid, hint)}
}

// ofService picks the master of the service that the Env describes: one that keeps
// its state in its directory, else one that runs its binary. unknown is why masters
// cannot be looked for.
func (k *Call) ofService(ctx context.Context, all []found, unknown error) (found, error) {
	dir := k.StateDir
	if dir == "" {
		dir = filepath.Dir(besides(k.Binary))
	}
	in := slices.DeleteFunc(slices.Clone(all), func(f found) bool { return filepath.Dir(f.socket) != dir })
	if len(in) == 0 {
		if _, err := os.Lstat(filepath.Join(dir, "admin.sock")); err == nil || unknown != nil {
			return fixed(filepath.Join(dir, "admin.sock")), nil
		}
		ask(ctx, all)
		in = slices.DeleteFunc(all, func(f found) bool { return dead(f) || k.Binary == "" || !f.is(k.Binary) })
	}
	switch len(in) {
	case 0:
		return found{}, &lostError{message: fmt.Sprintf("no running master of %s was found, and no admin.sock in %s: it does not run, is of another user (try sudo), or has no socket (Config.Admin)", orElse(k.Binary, "this service"), dir)}
	case 1:
		return in[0], nil
	}
	return found{}, several(fmt.Sprintf("%d masters of this service run", len(in)), "add --pid, or --socket", in)
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// ofName picks the master of a program; the only one, where no name is given.
func (k *Call) ofName(ctx context.Context, all []found, name string) (found, error) {
	ask(ctx, all)
	all = slices.DeleteFunc(all, dead)
	if slices.ContainsFunc(all, func(f found) bool { return f.err == nil }) {
		all = slices.DeleteFunc(all, stranger)
	}
	fits := all
	if name != "" {
		fits = slices.DeleteFunc(slices.Clone(all), func(f found) bool { return !f.is(name) })
		if len(fits) == 0 && strings.ContainsRune(name, filepath.Separator) {
			return fixed(besides(name)), nil
		}
	}
	if len(fits) == 1 {
		return fits[0], nil
	}
	what, hint := "no running master was found", "is it of another user (try sudo), or without a socket (Config.Admin)? --socket names one"
	switch {
	case len(fits) > 1 && name != "":
		what, hint = fmt.Sprintf("%d running masters are called %q", len(fits), name), "add --pid, or --socket"
	case len(fits) > 1:
		what, hint = fmt.Sprintf("%d masters run", len(fits)), "add --name, --pid or --socket"
	case name != "" && len(all) > 0:
		err := several(fmt.Sprintf("no running master is called %q", name), "these run; add one of their names", all)
		err.all = nil // none of them is meant
		return found{}, err
	case name != "":
		what = fmt.Sprintf("no running master is called %q", name)
	}
	return found{}, several(what, hint, fits)
}

// several is the error that lists what there is.
func several(what, hint string, all []found) *lostError {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", what, hint)
	for _, f := range all {
		pid := ""
		if f.pid != 0 {
			pid = "--pid " + strconv.Itoa(f.pid)
		}
		// A name is what anybody calls his own: it must not look like another line.
		fmt.Fprintf(&b, "\n  --name %-16s %-14s %s", Line(f.name()), pid, Line(f.socket))
		if f.err != nil {
			fmt.Fprintf(&b, " (%s)", Line(f.err.Error()))
		}
	}
	return &lostError{message: b.String(), all: all}
}
