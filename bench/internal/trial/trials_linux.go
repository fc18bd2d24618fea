package trial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/bench/contestant"
	"github.com/seed-3d078585/overseer/bench/internal/load"
	"github.com/seed-3d078585/overseer/bench/internal/result"
	"github.com/seed-3d078585/overseer/bench/internal/rivals"
)

// Trials are all that is measured in one run.
type Trials struct {
	Amount  Amount
	Only    string               // a part of the names of contestants that take part
	Say     func(string, ...any) // progress
	dir     string
	self    string
	backend contestant.Backend
	report  result.Report
}

// Run measures all. What cannot be measured is a problem in the report; the
// error is of what keeps the benchmark itself from going on.
func (t *Trials) Run(ctx context.Context) (r result.Report, err error) {
	files, err := t.prepare()
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(t.dir)
	t.report = result.Report{Profile: t.Amount.Name, Began: time.Now(), Machine: machine(files)}
	t.report.Machine.Load[0] = loadAverage()
	stop, err := t.startBackend(ctx)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, part := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"start-up", t.starts},
		{"memory of processes", t.processes},
		{"the plain server", t.pairs},
		{"idle connections", t.idle},
		{"upgrades", t.upgrades},
		{"growth", t.growth},
		{"handovers", t.handovers},
	} {
		t.Say("%s", part.name)
		if err := part.do(ctx); err != nil {
			t.problem("%s: %v", part.name, err)
		}
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
	}
	t.report.Machine.Load[1] = loadAverage()
	t.report.Took = time.Since(t.report.Began)
	return t.report, nil
}

// prepare makes the directory of the run, which the caller removes, and returns
// how many files a process may have open.
func (t *Trials) prepare() (files uint64, err error) {
	if t.self, err = os.Executable(); err != nil {
		return 0, err
	}
	if files, err = raiseFiles(); err != nil {
		return 0, err
	}
	t.dir, err = os.MkdirTemp("", "bench")
	return files, err
}

func (t *Trials) problem(format string, args ...any) {
	text := strings.ReplaceAll(fmt.Sprintf(format, args...), t.dir, "DIR")
	t.Say("problem: %s", text)
	t.report.Problems = append(t.report.Problems, text)
}

// startBackend has the program run for the proxies.
func (t *Trials) startBackend(ctx context.Context) (stop func() error, err error) {
	backend := rivals.Program(rivals.RolePlain)
	place, err := t.place("backend")
	if err != nil {
		return nil, err
	}
	if err := backend.Start(ctx, place); err != nil {
		return nil, err
	}
	t.backend = contestant.Backend{HTTP: place.HTTP, TCP: place.TCP}
	return backend.Stop, nil
}

// place is a new directory with free addresses.
func (t *Trials) place(name string) (contestant.Place, error) {
	dir, err := os.MkdirTemp(t.dir, strings.Map(letters, name))
	if err != nil {
		return contestant.Place{}, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // for nginx's workers, who are of another user
		return contestant.Place{}, err
	}
	addresses, err := free(3)
	if err != nil {
		return contestant.Place{}, err
	}
	return contestant.Place{
		Dir: dir, HTTP: addresses[0], HTTP2: addresses[1], TCP: addresses[2],
		Backend: t.backend, Command: []string{t.self},
	}, nil
}

func letters(r rune) rune {
	if r >= 'a' && r <= 'z' {
		return r
	}
	return -1
}

// free are addresses that nobody has at this moment.
func free(n int) (addresses []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // all are held until all are found
		addresses = append(addresses, l.Addr().String())
	}
	return addresses, nil
}

// running starts overseer or the plain program from a binary, with settings in
// its environment. The caller stops it.
func (t *Trials) running(ctx context.Context, role, binary string, env ...string) (contestant.Contestant, contestant.Place, error) {
	place, err := t.place(role)
	if err != nil {
		return nil, place, err
	}
	place.Command = []string{binary}
	if len(env) > 0 {
		place.Command = slices.Concat([]string{"/usr/bin/env"}, env, place.Command)
	}
	c := rivals.Program(role)
	return c, place, c.Start(ctx, place)
}

// address is where a mode's load goes.
func address(place contestant.Place, c contestant.Contestant, mode load.Mode) (string, bool) {
	can := c.Abilities()
	switch mode {
	case load.HTTP2:
		if !can.Proxy { // the program has both at one address
			return place.HTTP, can.HTTP2
		}
		return place.HTTP2, can.HTTP2
	case load.RawTCP:
		return place.TCP, can.TCP
	default:
		return place.HTTP, true
	}
}

// outputOf is what a contestant has said, for the report of a problem.
func outputOf(place contestant.Place) string {
	text, _ := os.ReadFile(filepath.Join(place.Dir, "output"))
	if len(text) > 500 {
		text = text[len(text)-500:]
	}
	return string(text)
}
