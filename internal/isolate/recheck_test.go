//go:build unix

package isolate

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
	"github.com/seed-3d078585/overseer/trust/trusttest"
)

// followed is the source of these tests, in the fetch process.
func followed() *fetcher.Manifest {
	return &fetcher.Manifest{URL: os.Getenv("TEST_URL"), Interval: time.Millisecond, StallTimeout: time.Second}
}

// root is the policy of these tests, in the fetch process and in the master.
func root(key string) trust.Policy { return trust.Root(key).For("app", trusttest.Channel) }

var (
	// followsChannel fetches and verifies as it should.
	followsChannel = registered("follows a channel", func(in handover.Inherited) error {
		return Serve(in, followed(), root(os.Getenv("TEST_KEY")))
	})

	// vouchesForAll is a fetch process whose policy is in the hands of an
	// attacker.
	vouchesForAll = registered("vouches for all", func(in handover.Inherited) error {
		return Serve(in, followed(), trust.Insecure())
	})

	wantsToRemember = lying("wants to remember", func(l liar) {
		l.hear("fetch")
		l.say("recall", `{"name":"manifest-app"}`)
		l.hear("record")
		l.say("keep", `{"data":"eA=="}`)
	})

	vouchesForNothing = offers("vouches without a statement", `{"id":1,"digest":"`+someDigest+`"}`, hello)
)

// A channel is a publisher with its server, and a source that follows it.
type channel struct {
	*bench
	*trusttest.Publisher
	site atomic.Pointer[http.Handler]
}

func newChannel(t *testing.T, children ...string) *channel {
	t.Helper()
	c := &channel{Publisher: trusttest.NewPublisher(t, "app")}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*c.site.Load()).ServeHTTP(w, r) }))
	c.Deltas = 0 // no policy looks at them
	c.serve(c.History())
	c.bench = newBench(t, children...)
	t.Cleanup(func() { // some sites answer until their client has gone
		c.Close()
		server.CloseClientConnections()
		server.Close()
	})
	c.env = []string{"TEST_URL=" + server.URL + "/" + trusttest.Channel + ".json", "TEST_KEY=" + c.Root.Public()}
	c.cfg.Recheck = root(c.Root.Public())
	c.policy = trust.On(c.Policy("test"), trust.Host{Memory: c.store.Memory(), Installed: c.store.Installed})
	return c
}

func (c *channel) serve(h http.Handler) { c.site.Store(&h) }

// takes stages the publisher's latest.
func (c *channel) takes() {
	c.t.Helper()
	st, err := c.stage()
	if err != nil || st == nil || st.Size() != int64(len(c.Latest())) {
		c.t.Fatalf("%v, %v; want the latest release; log:\n%s", st, err, c.log)
	}
}

// TestForgeriesAreRefusedAgain: of all that an attacker who has no keys can
// publish, nothing passes, even where the fetch process vouches for it all.
func TestForgeriesAreRefusedAgain(t *testing.T) {
	for i, f := range trusttest.Forgeries() {
		if f.Want == nil || testing.Short() && i%4 != 0 {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			c := newChannel(t, vouchesForAll)
			c.takes()
			c.serve(f.Make(c.Publisher))
			st, err := c.stage()
			if st != nil || err == nil {
				t.Fatalf("%v, %v; want it refused", st, err)
			}
			if !errors.Is(err, f.Want) {
				t.Logf("refused before it was judged: %v", err)
			}
			c.serve(c.Publish("1.9.0"))
			c.takes()
		})
	}
}

// What was seen is remembered by the master, whatever becomes of the process.
func TestRecheckRemembers(t *testing.T) {
	t.Parallel()
	c := newChannel(t, followsChannel)
	c.takes()
	old := c.Files()
	c.serve(c.Publish("1.9.0"))
	c.takes()
	c.serve(old)
	for range 2 {
		if st, err := c.stage(); st != nil || !errors.Is(err, trust.ErrReplay) {
			t.Fatalf("%v, %v; want the old one refused as replayed", st, err)
		}
		p := c.processes()
		p[len(p)-1].Signal(int(syscall.SIGKILL))
		<-p[len(p)-1].Done()
		if _, err := c.stage(); err == nil || !strings.Contains(err.Error(), "signal 9") {
			t.Fatalf("%v; want the end of the process told", err)
		}
	}
	c.serve(c.Publish("1.10.0", func(m *release.Manifest) { m.Rollout = &release.Rollout{Seed: "seed"} }))
	if st, err := c.stage(); st != nil || !errors.Is(err, trust.ErrNotYet) {
		t.Errorf("a rollout of nobody: %v, %v", st, err)
	}
}

// A process has no say in what the master remembers, nor in what needs a
// statement.
func TestRecheckBelievesNothing(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{
		wantsToRemember:   "wants a record to be kept",
		vouchesForNothing: trust.ErrUnsigned.Error(),
	} {
		c := newChannel(t, name)
		if st, err := c.stage(); st != nil || err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, %v; want an error with %q", name, st, err, says)
		}
		must(t, c.store.Memory().Update(context.Background(), "manifest-app", func(old []byte) ([]byte, error) {
			if old != nil {
				t.Errorf("%s: %q is remembered", name, old)
			}
			return old, nil
		}))
	}
}
