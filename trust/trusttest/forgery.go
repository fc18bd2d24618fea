package trusttest

import (
	"net/http"
	"strings"

	"github.com/seed-3d078585/overseer/release"
)

// A Forgery is one attack.
type Forgery struct {
	Name string

	// Want is what package trust refuses the statement by, unless its source
	// has found it too large before. Nil: the statement is in order, or never
	// comes to its end, and what is wrong is for whoever reads it, and the
	// bytes behind it, to find.
	Want error

	// Root says that the attack is on the key list: it takes a policy of root
	// keys to tell.
	Root bool

	// Refused says that the host still has the program of before when all is
	// over. Otherwise an honest way is open too, and it may have taken that.
	Refused bool

	forge func(*Publisher) *Site
}

// Make makes what the attacker serves to a host that has taken p.History(). The
// handlers of some never answer to the end: they return when the client is gone,
// or the server closes its connections.
func (f Forgery) Make(p *Publisher) *Site { return f.forge(p) }

// A Site is a release directory on a server that may misbehave.
type Site struct {
	Files

	// Instead answers for some names, whatever is in the files.
	Instead map[string]http.HandlerFunc
}

// ServeHTTP serves the site.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h, ok := s.Instead[strings.TrimPrefix(r.URL.Path, "/")]; ok {
		h(w, r)
		return
	}
	s.Files.ServeHTTP(w, r)
}

// Statement returns what a source reads of the channel.
func (s *Site) Statement() *release.Statement { return s.Files.Statement(Channel) }

// Forgeries returns all attacks.
func Forgeries() []Forgery {
	var all []Forgery
	for _, some := range [][]Forgery{unsigned(), outOfOrder(), misread(), listed(), swapped(), bombs(), endless()} {
		all = append(all, some...)
	}
	return all
}

// text is the row of an attack whose files are all that there is to it.
func text(name string, want error, forge func(*Publisher) Files) Forgery {
	return Forgery{Name: name, Want: want, Refused: true, forge: func(p *Publisher) *Site { return &Site{Files: forge(p)} }}
}
