package overseer

import (
	"io"
	"net/http"
	"testing"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/trust"
)

type ownTransport struct{ http.RoundTripper }

type ownFetcher struct{ *fetcher.HTTP }

// The default moves what needs nothing of the master, and nothing else.
func TestIsolatedByDefault(t *testing.T) {
	web := &fetcher.HTTP{URL: "https://host/app"}
	signed := trust.Minisign("RWQ").For("app", "stable")
	for _, row := range []struct {
		name   string
		source fetcher.Interface
		policy trust.Policy
		want   bool
	}{
		{"HTTP", web, nil, true},
		{"HTTP, any is trusted", web, trust.Insecure(), true},
		{"HTTP, signed", web, signed, true},
		{"HTTP, by root keys", web, trust.Root("RWQ").For("app", "stable"), true},
		{"HTTP, a client", &fetcher.HTTP{Client: &http.Client{Transport: &http.Transport{}}}, nil, true},
		{"HTTP, a transport of one's own", &fetcher.HTTP{Client: &http.Client{Transport: ownTransport{}}}, nil, false},
		{"HTTP, inside another type", ownFetcher{web}, nil, false},
		{"HTTP, several policies", web, trust.AllOf(signed, signed), false},
		{"Github", &fetcher.Github{User: "u", Repo: "r"}, nil, true},
		{"manifest", &fetcher.Manifest{URL: "https://host/stable.json"}, signed, true},
		{"manifest in a file", &fetcher.Manifest{URL: "file:///srv/stable.json"}, signed, false},
		{"manifest at a path", &fetcher.Manifest{URL: "/srv/stable.json"}, signed, false},
		{"manifest in a place", &fetcher.Manifest{Place: fetcher.Dir("/srv"), Name: "stable.json"}, signed, false},
		{"file", &fetcher.File{Path: "/srv/app"}, nil, false},
		{"function", fetcher.Func(func() (io.Reader, error) { return nil, nil }), nil, false},
		{"a typed nil", (*fetcher.HTTP)(nil), nil, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			for isolation, want := range map[Isolation]bool{IsolateRemote: row.want, IsolateAlways: true, IsolateNever: false} {
				s := settled{Config: Config{Fetcher: row.source, Trust: row.policy, IsolateFetch: isolation}}
				if got := s.isolated(); got != want {
					t.Errorf("isolated with %d: %v, want %v", isolation, got, want)
				}
			}
		})
	}
}
