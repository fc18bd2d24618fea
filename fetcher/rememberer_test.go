package fetcher_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/seed-3d078585/overseer/fetcher"
)

// TestRemember: a source that was told what an equal one has taken does not
// download it again; one that is for other bytes does.
func TestRemember(t *testing.T) {
	downloads := 0
	serve := func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "api" {
			w.Header().Set("ETag", `"a"`)
			if r.Header.Get("If-None-Match") == `"a"` {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			api(w, assetOf(1, "app_"+here, "http://cdn/app"))
			return
		}
		w.Header().Set("ETag", `"v1"`)
		if r.Header.Get("If-None-Match") == `"v1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		downloads++
		io.WriteString(w, "program")
	}
	for _, row := range []struct {
		name        string
		first, next func(*http.Client) fetcher.Interface
		downloads   int
	}{
		{"HTTP", httpAt("http://releases/app"), httpAt("http://releases/app"), 1},
		{"HTTP at another address", httpAt("http://releases/app"), httpAt("http://releases/other"), 2},
		{"Github", repository("r"), repository("r"), 1},
		{"Github of another repository", repository("r"), repository("s"), 2},
		{"another kind of source", repository("r"), httpAt("http://releases/app"), 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			downloads = 0
			inBubble(t, serve, func(t *testing.T, client *http.Client) {
				first, next := row.first(client), row.next(client)
				if memory := first.(fetcher.Rememberer).Memory(); memory != nil {
					t.Errorf("before anything was taken the source remembers %q", memory)
				}
				wantWhole(t, first, []byte("program"))
				next.(fetcher.Rememberer).Remember(first.(fetcher.Rememberer).Memory())
				if row.downloads == 1 {
					wantNothing(t, next)
				} else {
					wantWhole(t, next, []byte("program"))
				}
				if downloads != row.downloads {
					t.Errorf("%d downloads, want %d", downloads, row.downloads)
				}
			})
		})
	}
}

func httpAt(url string) func(*http.Client) fetcher.Interface {
	return func(c *http.Client) fetcher.Interface { return &fetcher.HTTP{URL: url, Client: c} }
}

func repository(repo string) func(*http.Client) fetcher.Interface {
	return func(c *http.Client) fetcher.Interface {
		return &fetcher.Github{User: "u", Repo: repo, API: "http://api", Client: c}
	}
}

func FuzzRemember(f *testing.F) {
	f.Add([]byte(`{"URL":"http://releases/app","ETag":"x"}`))
	f.Add([]byte(`{"API":"","User":"u","Repo":"r","Taken":{"id":1}}`))
	f.Fuzz(func(t *testing.T, memory []byte) {
		(&fetcher.HTTP{URL: "http://releases/app"}).Remember(memory)
		(&fetcher.Github{User: "u", Repo: "r"}).Remember(memory)
	})
}
