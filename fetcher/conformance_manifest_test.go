package fetcher_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/fetcher/fetchertest"
	"github.com/seed-3d078585/overseer/release"
)

// published makes what drives a shelf that a source by manifest fetches from.
// Each change is passed on by saved.
func published(t *testing.T, s *shelf, f fetcher.Interface, saved func()) fetchertest.Source {
	i := &installed{}
	publish := func(program []byte) {
		s.publish(s.artifact(program, release.TarZstd))
		saved()
	}
	return fetchertest.Source{
		Fetcher: f,
		Publish: publish,
		Change:  publish,
		Host:    fetcher.Host{Installed: i.get},
		Flood:   func() { publish(make([]byte, smallBound+1)) },
		Again: func(program []byte) {
			old := slices.Clone(program)
			old[0]++
			i.program, i.digest = slices.Clone(old), sum(old)
			i.program[len(old)-1]++ // it rots on the disk
			a := s.artifact(program, release.Zstd)
			s.delta(t, &a, old, program)
			s.publish(a)
			saved()
		},
	}
}

func TestConformanceManifestWeb(t *testing.T) {
	fetchertest.Test(t, func(t *testing.T) fetchertest.Source {
		s := newShelf()
		st := &stallable{next: s}
		server := httptest.NewServer(st)
		t.Cleanup(server.Close)
		source := published(t, s, &fetcher.Manifest{
			URL: server.URL + "/stable.json", Client: server.Client(), Interval: time.Millisecond, MaxSize: smallBound,
		}, func() {})
		source.Stall = st.stall
		source.Cut = func() { st.cutPrograms(true) }
		return source
	})
}

func TestConformanceManifestDir(t *testing.T) {
	fetchertest.Test(t, func(t *testing.T) fetchertest.Source {
		s, dir := newShelf(), t.TempDir()
		source := published(t, s, &fetcher.Manifest{
			Place: fetcher.Dir(dir), Name: "stable.json", Interval: time.Millisecond, MaxSize: smallBound,
		}, func() { s.save(t, dir) })
		return source
	})
}

func TestConformanceManifestGithub(t *testing.T) {
	fetchertest.Test(t, func(t *testing.T) fetchertest.Source {
		s := newShelf()
		source := published(t, s, &fetcher.Github{
			User: "u", Repo: "r", Manifest: "stable.json", Client: inProcess(githubOf(s)), API: "http://api",
			Interval: time.Millisecond, MaxSize: smallBound,
		}, func() {})
		return source
	})
}

func TestConformancePlaces(t *testing.T) {
	t.Run("web", func(t *testing.T) {
		fetchertest.TestPlace(t, func(t *testing.T) fetchertest.Shelf {
			s := newShelf()
			st := &stallable{next: s}
			server := httptest.NewServer(st)
			t.Cleanup(server.Close)
			return fetchertest.Shelf{Place: fetcher.Web(server.URL, fetcher.WebOptions{Client: server.Client()}), Put: s.set, Stall: st.stall}
		})
	})
	t.Run("web without ranges", func(t *testing.T) {
		fetchertest.TestPlace(t, func(t *testing.T) fetchertest.Shelf {
			s := newShelf()
			client := inProcess(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Del("Range")
				s.ServeHTTP(w, r)
			})
			return fetchertest.Shelf{Place: fetcher.Web("http://releases/below/", fetcher.WebOptions{Client: client}), Put: func(name string, data []byte) {
				s.set("below/"+name, data)
			}}
		})
	})
	t.Run("dir of older files", func(t *testing.T) {
		fetchertest.TestPlace(t, func(t *testing.T) fetchertest.Shelf {
			dir, puts := t.TempDir(), int64(0)
			return fetchertest.Shelf{Place: fetcher.Dir(dir), Put: func(name string, data []byte) {
				puts++
				saveFile(t, dir, name, data)
				touch(t, filepath.Join(dir, filepath.FromSlash(name)), puts)
			}}
		})
	})
	t.Run("dir", func(t *testing.T) {
		fetchertest.TestPlace(t, func(t *testing.T) fetchertest.Shelf {
			dir := t.TempDir()
			return fetchertest.Shelf{Place: fetcher.Dir(dir), Put: func(name string, data []byte) { saveFile(t, dir, name, data) }}
		})
	})
}

// A stallable server takes questions and answers none for a while.
type stallable struct {
	next http.Handler

	mu      sync.Mutex
	asked   chan struct{} // not nil: stall
	stalled chan struct{}
	cut     bool
}

func (s *stallable) stall() (<-chan struct{}, func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked, stalled := make(chan struct{}), make(chan struct{})
	s.asked, s.stalled = asked, stalled
	return asked, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		close(stalled)
		s.asked = nil
	}
}

// cutPrograms makes the next program one that is not there.
func (s *stallable) cutPrograms(cut bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = cut
}

func (s *stallable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	stalled, isProgram := s.stalled, strings.HasPrefix(r.URL.Path, "/programs/")
	if s.asked != nil {
		select {
		case <-s.asked:
		default:
			close(s.asked)
		}
		s.mu.Unlock()
		<-stalled
		return
	}
	cut := s.cut && isProgram
	s.cut = s.cut && !isProgram
	s.mu.Unlock()
	if cut {
		http.NotFound(w, r)
		return
	}
	s.next.ServeHTTP(w, r)
}
