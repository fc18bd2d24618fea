//go:build unix

package master

import (
	"fmt"
	"os"
	"syscall"
	"testing"
)

// TestSignalsOfTwoCatchers: a signal that came while the early catcher and the
// lasting one were both there is one signal. A SIGTERM that counted twice would be
// the second one, which ends at once.
func TestSignalsOfTwoCatchers(t *testing.T) {
	const term, usr2, winch = syscall.SIGTERM, syscall.SIGUSR2, syscall.SIGWINCH
	for _, row := range []struct {
		name                   string
		before, overlap, taken []os.Signal // in the early one before and during, in the lasting one
		restart, stop, other   string      // what is handed on
	}{
		{"nothing", nil, nil, nil, "[]", "[]", "[]"},
		{"before", []os.Signal{term, usr2, winch}, nil, nil, "[user defined signal 2]", "[terminated]", "[window changed]"},
		{"two before", []os.Signal{term, term}, nil, nil, "[]", "[terminated terminated]", "[]"},
		{"in both", nil, []os.Signal{term, winch, usr2}, []os.Signal{term, winch, usr2}, "[user defined signal 2]", "[terminated]", "[window changed]"},
		{"in the early one alone", nil, []os.Signal{term}, nil, "[]", "[terminated]", "[]"},
		{"in the lasting one alone", nil, nil, []os.Signal{term}, "[]", "[terminated]", "[]"},
		{"one of each", []os.Signal{syscall.SIGINT}, []os.Signal{term}, []os.Signal{term}, "[]", "[interrupt terminated]", "[]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := &Signals{restartBy: usr2, restart: make(chan os.Signal, 1), stop: make(chan os.Signal, 8), other: make(chan os.Signal, 64)}
			early = make(chan os.Signal, 64)
			for _, sig := range row.overlap {
				early <- sig
			}
			for _, sig := range row.taken {
				s.place(sig) <- sig
			}
			s.sort(row.before)
			if early != nil {
				t.Error("the early catcher is still there")
			}
			for _, c := range []struct {
				got  []os.Signal
				want string
			}{{drained(s.restart), row.restart}, {drained(s.stop), row.stop}, {drained(s.other), row.other}} {
				if fmt.Sprint(c.got) != c.want {
					t.Errorf("handed on %v, want %v", c.got, c.want)
				}
			}
		})
	}
}
