//go:build unix

package update

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/trust"
	"github.com/seed-3d078585/overseer/trust/trusttest"
)

// TestForgedReleases serves each attack of the corpus to a host that has taken
// an honest release, over the whole way: source, policy, store. Nothing but
// honest bytes is ever offered, the host tells why, it is not left hanging, and
// the next honest release is taken. A short run takes each fourth.
func TestForgedReleases(t *testing.T) {
	for i, f := range trusttest.Forgeries() {
		if testing.Short() && i%4 != 0 {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			var h *trusting
			synctest.Test(t, func(t *testing.T) {
				p := trusttest.NewPublisher(t, "app")
				h = newTrusting(t, p)
				h.server.set(p.History())
				h.start(t)
				h.wantOffer(t, p.Latest())
				h.server.set(f.Make(p))
				attacked := p.Latest() // is honest too, once it comes from an honest server
				if f.Refused {
					h.wantNone(t)
				} else {
					h.maybe(t, attacked) // by an honest way
				}
				h.server.set(p.Publish("1.9.0"))
				h.wantOffer(t, p.Latest(), attacked)
				h.stop()
				if left := h.leftovers(t); len(left) != 0 {
					t.Errorf("left behind: %q", left)
				}
			})
			if h.log.count("WARN") == 0 && f.Refused {
				t.Errorf("nobody was told:\n%s", h.log)
			}
		})
	}
}

// A replayed manifest is refused also by a host that has started anew.
func TestReplayAfterRestart(t *testing.T) {
	var h *trusting
	synctest.Test(t, func(t *testing.T) {
		p := trusttest.NewPublisher(t, "app")
		h = newTrusting(t, p)
		p.Publish("1.0.0")
		old := p.Files()
		h.server.set(p.Publish("1.1.0"))
		h.start(t)
		h.wantOffer(t, p.Latest())
		h.stop()
		h.server.set(old)
		h.start(t)
		h.wantNone(t)
	})
	if h.log.count("WARN", trust.ErrReplay.Error()) != 1 {
		t.Errorf("log:\n%s", h.log)
	}
}

// An expired manifest stops updates, and a newer one starts them again.
func TestExpiredManifest(t *testing.T) {
	var h *trusting
	synctest.Test(t, func(t *testing.T) {
		p := trusttest.NewPublisher(t, "app")
		h = newTrusting(t, p)
		h.server.set(p.Publish("1.0.0"))
		h.start(t)
		h.wantOffer(t, p.Latest())
		time.Sleep(60 * 24 * time.Hour) // of the bubble
		h.wantNone(t)
		h.server.set(p.Publish("1.1.0"))
		h.wantOffer(t, p.Latest())
	})
	if n := h.log.count("WARN", trust.ErrExpired.Error()); n != 0 {
		t.Errorf("an expired manifest of what is installed was complained about %d times:\n%s", n, h.log)
	}
}

// A trusting host goes by a publisher's root key. It takes what is offered as
// installed at once.
type trusting struct {
	*bench
	server *swap
	stop   func()
}

func newTrusting(t *testing.T, p *trusttest.Publisher) *trusting {
	t.Helper()
	h := &trusting{bench: newBench(t, nil), server: &swap{}}
	h.Policy = trust.Root(p.Root.Public()).For(p.Product, trusttest.Channel)
	h.Interval = time.Minute
	return h
}

// start runs the updater until the end of the bubble.
func (h *trusting) start(t *testing.T) {
	h.offered = make(chan *store.Staged, 1) // of the bubble: another one would stop its clock
	listener := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	server := &http.Server{Handler: h.server, ErrorLog: log.New(io.Discard, "", 0)}
	transport := &http.Transport{DisableCompression: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return listener.dial(ctx)
	}}
	h.Source = &fetcher.Manifest{
		URL: "http://releases/" + trusttest.Channel + ".json", Interval: time.Minute,
		Client: &http.Client{Transport: transport}, StallTimeout: 10 * time.Second,
	}
	u := h.Updater
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { server.Serve(listener) })
	all.Go(func() { u.Run(ctx) })
	h.stop = sync.OnceFunc(func() {
		cancel()
		transport.CloseIdleConnections()
		server.Close()
		all.Wait()
	})
	t.Cleanup(h.stop)
}

// patience is long enough for every retry of one release.
const patience = 30 * time.Minute

// wantOffer waits for a program. A fetch that is under way may bring another one
// before.
func (h *trusting) wantOffer(t *testing.T, want []byte, before ...[]byte) {
	t.Helper()
	for {
		select {
		case st := <-h.offered:
			if got := h.take(t, st, append(before, want)); bytes.Equal(got, want) {
				return
			}
		case <-time.After(patience):
			t.Fatalf("no release within %v\n%s", patience, h.log)
		}
	}
}

func (h *trusting) maybe(t *testing.T, want []byte) {
	t.Helper()
	select {
	case st := <-h.offered:
		h.take(t, st, [][]byte{want})
	case <-time.After(patience):
	}
}

func (h *trusting) wantNone(t *testing.T) {
	t.Helper()
	select {
	case st := <-h.offered:
		t.Errorf("offered %s\n%s", st.Digest(), h.log)
		st.Discard()
	case <-time.After(patience):
	}
}

// take installs what was offered, and returns it.
func (h *trusting) take(t *testing.T, st *store.Staged, honest [][]byte) []byte {
	t.Helper()
	got, err := io.ReadAll(io.NewSectionReader(st.File(), 0, st.Size()))
	must(t, err)
	if !slices.ContainsFunc(honest, func(want []byte) bool { return bytes.Equal(got, want) }) {
		t.Fatalf("%d bytes of %s were offered, which nobody wants\n%s", len(got), st.Digest(), h.log)
	}
	_, err = h.Store.Install(t.Context(), st)
	must(t, err)
	return got
}

// leftovers are files of candidates and downloads that nobody needs.
func (h *trusting) leftovers(t *testing.T) (left []string) {
	for _, path := range h.bench.leftovers(t) {
		if name := filepath.Base(path); name != "app.previous" && !strings.HasPrefix(name, "trust-") {
			left = append(left, path)
		}
	}
	return left
}

// A swap is a server whose site can be exchanged.
type swap struct{ now atomic.Pointer[http.Handler] }

func (s *swap) set(h http.Handler) { s.now.Store(&h) }

func (s *swap) ServeHTTP(w http.ResponseWriter, r *http.Request) { (*s.now.Load()).ServeHTTP(w, r) }

// pipes is a listener within a bubble, where a socket would stop the clock.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipes) dial(ctx context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes", Net: "unix"} }
