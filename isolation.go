package overseer

import (
	"net/http"
	"strings"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/trust"
)

// Isolation says whether releases are fetched and verified in a process of their
// own, the fetch process; see [Config].IsolateFetch.
type Isolation int

// The values of [Config].IsolateFetch.
const (
	IsolateRemote Isolation = iota // where the source is remote, and it and the policy are of this library
	IsolateAlways                  // whatever they are
	IsolateNever                   // in the master
)

// isolated reports whether the source runs in a fetch process.
func (s settled) isolated() bool {
	switch s.IsolateFetch {
	case IsolateAlways:
		return true
	case IsolateNever:
		return false
	}
	return selfContained(s.Fetcher) && ownPolicy(s.Trust)
}

// selfContained reports whether a source brings bytes by HTTP, and needs nothing
// of this process or this host's files for it. Of a source, a place or a
// transport of the user's own nobody knows what it shares with the rest of the
// program.
func selfContained(f fetcher.Interface) bool {
	switch f := f.(type) {
	case *fetcher.HTTP:
		return f != nil && plain(f.Client)
	case *fetcher.Github:
		return f != nil && plain(f.Client)
	case *fetcher.Manifest:
		return f != nil && f.Place == nil && strings.HasPrefix(f.URL, "http") && plain(f.Client)
	}
	return false
}

func plain(c *http.Client) bool {
	if c == nil || c.Transport == nil {
		return true
	}
	_, ok := c.Transport.(*http.Transport)
	return ok
}

func ownPolicy(p trust.Policy) bool {
	_, signed := p.(*trust.Signed)
	return p == nil || signed || trust.IsInsecure(p)
}
