//go:build unix

package overseer_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/loadtest"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
	"github.com/seed-3d078585/overseer/trust/trusttest"
)

// signed is web with releases by signed manifest, of a publisher whose root key
// it has.
var signed = register("signed", func() {
	c := webConfig()
	c.Program = serveWeb
	c.Fetcher = &fetcher.Manifest{URL: os.Getenv("TEST_MANIFEST"), Interval: 50 * time.Millisecond}
	c.Trust = trust.Root(os.Getenv("TEST_ROOT")).For("app", trusttest.Channel)
	overseer.Run(c)
})

// A publisherSite is a publisher of releases of the test binary, and its server.
type publisherSite struct {
	*trusttest.Publisher
	url string

	mu     sync.Mutex
	site   http.Handler
	served map[string]int // answers by folder
}

func newPublisherSite(t *testing.T) *publisherSite {
	t.Helper()
	s := &publisherSite{Publisher: trusttest.NewPublisher(t, "app"), served: map[string]int{}}
	s.Program = func(version string) []byte { return releaseBytes(t, plan{Version: version}) }
	s.Deltas = 0
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL + "/" + trusttest.Channel + ".json"
	return s
}

func (s *publisherSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	folder, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s.served[folder]++
	site := s.site
	s.mu.Unlock()
	site.ServeHTTP(w, r)
}

func (s *publisherSite) serve(site http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.site = site
}

func (s *publisherSite) answers(folder string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.served[folder]
}

func (s *publisherSite) options() []option {
	return []option{env("TEST_MANIFEST", s.url), env("TEST_ROOT", s.Root.Public())}
}

// A service follows its channel: the first release comes whole, the next one as
// a delta from it; forged ones are refused by their name, and no request is lost
// over all of that.
func TestSignedReleases(t *testing.T) {
	t.Parallel()
	p := newPublisherSite(t)
	p.serve(p.Publish("1.0.0"))
	s := startService(t, signed, append(p.options(), installed(plan{Version: "0.9.0"}))...)
	s.live(1)
	load := startLoad(t, s, loadtest.NewConnection, 4)
	s.await(1, "msg=committed")
	installedIs(t, s, plan{Version: "1.0.0"})
	old := p.Files()

	p.Deltas = 1
	if underRace {
		p.Deltas = 0 // to compare two programs would take minutes
	}
	p.serve(p.Publish("1.1.0"))
	s.await(2, "msg=committed")
	installedIs(t, s, plan{Version: "1.1.0"})
	if whole, deltas := p.answers("programs"), p.answers("deltas"); whole+deltas != 2 || deltas == 0 && !underRace {
		t.Errorf("%d programs and %d deltas were downloaded, want 1 and 1, or under the race detector 2 programs", whole, deltas)
	}

	p.Deltas = 0
	thief := trusttest.NewKey(t)
	for _, forged := range []struct {
		says error
		site http.Handler
	}{
		{trust.ErrReplay, old},
		{trust.ErrSignature, p.Put(p.Encode(p.Manifest("6.6.6")), thief)},
		{trust.ErrExpired, p.Publish("6.6.6", func(m *release.Manifest) {
			m.Issued, m.Expires = m.Issued.AddDate(-1, 0, 0), m.Issued.AddDate(0, -1, 0)
		})},
		{trust.ErrDowngrade, p.Publish("0.1.0")},
	} {
		p.serve(forged.site)
		s.await(1, "no release could be fetched", forged.says.Error())
	}
	p.serve(p.Publish("1.2.0"))
	s.await(3, "msg=committed")
	installedIs(t, s, plan{Version: "1.2.0"})
	t.Log(noLoss(t, load))
	s.until("a fetch process of each master", func() bool {
		masters := 1 + s.count(replaced)
		return masters == 4 && s.count("fetching in a process of its own") >= masters
	})
	if one, all := s.count("fetching in a process of its own"), s.count("msg=fetched", `trusted_by="root app/stable"`); one != 1+s.count(replaced) || all != 3 {
		t.Errorf("%d fetch processes of %d masters, %d releases by them; want one for each and 3", one, 1+s.count(replaced), all)
	}
	s.stop()
	if n := s.count("6.6.6") + s.count("0.1.0"); n > s.count("no release could be fetched") {
		t.Errorf("a forged release was more than refused:\n%s", s.Log())
	}

	// What was seen outlives the service.
	p.serve(old)
	again := startService(t, signed, append(p.options(), inDir(s.Dir))...)
	again.live(1)
	again.await(1, "no release could be fetched", trust.ErrReplay.Error())
	again.stop()
}

// A mistyped key ends the start, with its field named, and not the first upgrade.
func TestTrustIsCheckedAtTheStart(t *testing.T) {
	for name, policy := range map[string]trust.Policy{
		"no key":         trust.Minisign().For("app", "stable"),
		"no product":     trust.Minisign(trusttest.NewKey(t).Public()),
		"a broken key":   trust.Minisign("RWQ").For("app", "stable"),
		"one of several": trust.AllOf(trust.Insecure(), trust.Root("?").For("app", "stable")),
	} {
		err := overseer.RunErr(overseer.Config{Program: func(overseer.State) {}, Trust: policy})
		if err == nil || !strings.Contains(err.Error(), "Config.Trust") {
			t.Errorf("%s: %v, want an error that names Config.Trust", name, err)
		}
	}
}
