//go:build linux

package overseer_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/seed-3d078585/overseer"
)

// sides is a program of docs/from-others.md: a handler for each listener.
var sides = register("sides", func() {
	c := webConfig()
	c.Address, c.Addresses = "", []string{"127.0.0.1:0", "127.0.0.1:0"}
	c.Probe = nil
	c.Program = func(s overseer.State) {
		list, _ := json.Marshal(s.Addresses) // strings
		fmt.Fprintf(os.Stderr, "generation %d has addresses %s\n", s.Generation, list)
		say := func(what string) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, what) })
		}
		if err := serveEach(s, say("public"), say("admin")); err != nil {
			panic(err)
		}
	}
	overseer.Run(c)
})

func TestHandlerForEachListener(t *testing.T) {
	t.Parallel()
	s := startService(t, sides)
	s.live(1)
	for generation := 1; generation <= 2; generation++ {
		for i, want := range []string{"public", "admin"} {
			if got := request(t, "tcp", s.addresses(generation)[i]); got != want {
				t.Errorf("generation %d answers %q on listener %d, want %q", generation, got, i, want)
			}
		}
		s.restart()
	}
	s.stop()
}
