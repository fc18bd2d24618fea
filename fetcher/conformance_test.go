package fetcher_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/fetcher/fetchertest"
)

const smallBound = 1 << 20

func TestConformanceFile(t *testing.T) {
	fetchertest.Test(t, func(t *testing.T) fetchertest.Source {
		path := filepath.Join(t.TempDir(), "app")
		inPlace := func(program []byte) {
			if err := os.WriteFile(path, program, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return fetchertest.Source{
			Fetcher: &fetcher.File{Path: path, Interval: time.Millisecond, Settle: time.Millisecond, MaxSize: smallBound},
			Publish: func(program []byte) {
				fresh := path + ".fresh"
				if err := os.WriteFile(fresh, program, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.Rename(fresh, path); err != nil {
					t.Fatal(err)
				}
			},
			Change: inPlace,
			Flood:  func() { inPlace(make([]byte, smallBound+1)) },
		}
	})
}

func TestConformanceHTTP(t *testing.T) {
	for _, row := range []struct{ name, validator string }{
		{"ETag", "etag"}, {"Last-Modified", "date"}, {"no validator", ""}, {"deaf to conditions", "deaf"},
	} {
		t.Run(row.name, func(t *testing.T) {
			fetchertest.Test(t, func(t *testing.T) fetchertest.Source {
				p := newPlace(t, row.validator)
				return p.source(&fetcher.HTTP{URL: p.URL + "/app", Interval: time.Millisecond, MaxSize: smallBound, Client: p.Client()})
			})
		})
	}
}

func TestConformanceGithub(t *testing.T) {
	fetchertest.Test(t, func(t *testing.T) fetchertest.Source {
		p := newPlace(t, "etag")
		return p.source(&fetcher.Github{
			User: "u", Repo: "r", API: p.URL, Interval: time.Millisecond, MaxSize: smallBound, Client: p.Client(),
		})
	})
}

// A receipted reader is what a careful user's function returns.
type receipted struct {
	io.Reader
	taken func()
}

func (r receipted) Taken() { r.taken() }

func TestConformanceFunc(t *testing.T) {
	fetchertest.Test(t, func(t *testing.T) fetchertest.Source {
		var published, have []byte
		return fetchertest.Source{
			Fetcher: fetcher.Func(func() (io.Reader, error) {
				if published == nil || bytes.Equal(published, have) {
					return nil, nil
				}
				offer := published
				return receipted{bytes.NewReader(offer), func() { have = offer }}, nil
			}),
			Publish: func(program []byte) { published = program },
		}
	})
}

// A place is a web server with one release, and GitHub's API for it.
type place struct {
	*httptest.Server
	validator string // etag, date, deaf or none

	mu      sync.Mutex
	program []byte
	version int
	cut     bool
	asked   chan struct{} // not nil: take questions and answer none
	stalled chan struct{} // closed at the end of that
}

func newPlace(t *testing.T, validator string) *place {
	p := &place{validator: validator}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *place) source(f fetcher.Interface) fetchertest.Source {
	publish := func(program []byte) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.program = program
		p.version++
	}
	return fetchertest.Source{
		Fetcher: f,
		Publish: publish,
		Change:  publish,
		Flood:   func() { publish(make([]byte, smallBound+1)) },
		Cut: func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.cut = true
		},
		Stall: func() (<-chan struct{}, func()) {
			p.mu.Lock()
			defer p.mu.Unlock()
			asked, stalled := make(chan struct{}), make(chan struct{})
			p.asked, p.stalled = asked, stalled
			return asked, func() {
				p.mu.Lock()
				defer p.mu.Unlock()
				close(stalled)
				p.asked = nil
			}
		},
	}
}

func (p *place) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	if p.asked != nil {
		stalled := p.stalled
		select {
		case <-p.asked:
		default:
			close(p.asked)
		}
		p.mu.Unlock()
		<-stalled
		return
	}
	program, version, cut := p.program, p.version, p.cut
	if strings.HasPrefix(r.URL.Path, "/repos/u/r/") {
		p.mu.Unlock()
		p.api(w, r, version, len(program))
		return
	}
	p.cut = p.cut && r.Method != http.MethodGet
	p.mu.Unlock()

	etag := fmt.Sprintf(`"%d"`, version)
	switch p.validator {
	case "date":
		w.Header().Set("Last-Modified", time.Unix(int64(version)*3600, 0).UTC().Format(http.TimeFormat))
	case "etag", "deaf":
		w.Header().Set("ETag", etag)
	}
	if cut {
		w.Header().Set("Accept-Ranges", "none")
		w.Header().Set("Content-Length", fmt.Sprint(len(program)))
		w.Write(program[:len(program)/2])
		panic(http.ErrAbortHandler)
	}
	if p.validator == "deaf" {
		r.Header.Del("If-None-Match")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(program))
}

func (p *place) api(w http.ResponseWriter, r *http.Request, version, size int) {
	etag := fmt.Sprintf(`"api-%d"`, version)
	w.Header().Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	json.NewEncoder(w).Encode(map[string]any{
		"tag_name": fmt.Sprintf("v%d", version),
		"assets": []map[string]any{
			{"id": 1, "name": "app-" + runtime.GOOS + "-" + runtime.GOARCH + ".sha256"},
			{
				"id": version, "name": "app-" + runtime.GOOS + "-" + runtime.GOARCH, "state": "uploaded",
				"size": size, "browser_download_url": p.URL + "/app",
			},
		},
	})
}
