package tuf_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
	"github.com/seed-3d078585/overseer/trust/tuf"
)

const app = "app"

var one, two = []byte("program one"), []byte("the second program")

// A host remembers what a policy learns, over its restarts.
type host struct {
	mu      sync.Mutex
	entries map[string][]byte
	writes  int
	before  func() // called ahead of each Update
	err     error
}

func (h *host) Update(ctx context.Context, name string, change func([]byte) ([]byte, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if h.before != nil {
		h.before()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return h.err
	}
	old := h.entries[name]
	entry, err := change(old)
	if err != nil {
		return err
	}
	if string(entry) != string(old) {
		if h.entries == nil {
			h.entries = map[string][]byte{}
		}
		h.entries[name] = entry
		h.writes++
	}
	return nil
}

// A site is a repository, its server, and a host that believes it.
type site struct {
	*repository
	server  *httptest.Server
	host    *host
	options tuf.Options
}

func newSite(t *testing.T) *site {
	s := &site{repository: newRepository(t), host: new(host)}
	s.server = httptest.NewServer(s.repository)
	t.Cleanup(s.server.Close)
	s.options = tuf.Options{Root: s.file("1.root.json"), MetadataURL: s.server.URL, Target: app, Client: s.server.Client()}
	return s
}

// start is a start of the host's: a policy that knows what the host remembers.
func (s *site) start() trust.Policy {
	s.t.Helper()
	p, err := tuf.New(s.options)
	if err != nil {
		s.t.Fatal(err)
	}
	return p.On(trust.Host{Memory: s.host})
}

// A sealed body fails the test where it is touched.
type sealed struct{ t *testing.T }

func (b sealed) Read([]byte) (int, error) { b.t.Error("the policy reads the body"); return 0, nil }
func (b sealed) Close() error             { b.t.Error("the policy closes the body"); return nil }

func (s *site) candidate() release.Candidate {
	return release.Candidate{Body: sealed{s.t}, Source: "test source"}
}

// accepts asks p and wants it to vouch for program.
func (s *site) accepts(p trust.Policy, program []byte) {
	s.t.Helper()
	got, err := p.Vouch(s.t.Context(), s.candidate())
	want := trust.Grant{Digest: sha256.Sum256(program), Size: int64(len(program))}
	if err != nil || got != want {
		s.t.Fatalf("Vouch = %+v, %v; want %+v", got, err, want)
	}
}

var sentinels = []error{
	tuf.ErrExpired, tuf.ErrRollback, tuf.ErrSignature, tuf.ErrMismatch, tuf.ErrMalformed,
	tuf.ErrTooLarge, tuf.ErrUnreachable, tuf.ErrNoTarget, tuf.ErrUnbound, tuf.ErrMemory,
}

// refuses asks p and wants this refusal and no other.
func (s *site) refuses(p trust.Policy, want error) error {
	s.t.Helper()
	got, err := p.Vouch(s.t.Context(), s.candidate())
	if err == nil || got != (trust.Grant{}) {
		s.t.Fatalf("Vouch = %+v, %v; want %v", got, err, want)
	}
	for _, sentinel := range sentinels {
		if errors.Is(err, sentinel) != (sentinel == want) {
			s.t.Fatalf("Vouch = %v; want %v and no other", err, want)
		}
	}
	return err
}

func TestVouch(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	p := s.start()
	s.accepts(p, one)
	s.accepts(p, one)
	s.release(app, two)
	s.accepts(p, two)
	s.accepts(s.start(), two)
}

// What is known is not fetched again.
func TestRequests(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	for _, row := range []struct {
		name   string
		change func()
		want   []string
		writes int
	}{
		{"first", func() {}, []string{"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"}, 1},
		{"nothing new", func() {}, []string{"2.root.json", "timestamp.json"}, 0},
		{"new timestamp", s.signTimestamp, []string{"2.root.json", "timestamp.json"}, 1},
		{"new release", func() { s.release(app, one) }, []string{"2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"}, 1},
		{"new root", func() { s.rotate("root", newKey(t)) }, []string{"2.root.json", "3.root.json", "timestamp.json"}, 1},
	} {
		row.change()
		s.host.writes = 0
		s.accepts(s.start(), one)
		if got := s.requests(); !slices.Equal(got, row.want) || s.host.writes != row.writes {
			t.Errorf("%s: asked for %q with %d writes; want %q with %d", row.name, got, s.host.writes, row.want, row.writes)
		}
	}
}

func TestName(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	s.options.Name = "tuf.other-1"
	p := s.start()
	s.accepts(p, one)
	if p.Name() != s.options.Name || len(s.host.entries) != 1 || s.host.entries[s.options.Name] == nil {
		t.Fatalf("name %q, remembered %d entries; want one named %q", p.Name(), len(s.host.entries), s.options.Name)
	}
}

// A policy without a host remembers until the process ends.
func TestWithoutHost(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	old := s.state()
	s.release(app, two)
	p, err := tuf.New(s.options)
	if err != nil {
		t.Fatal(err)
	}
	s.accepts(p.On(trust.Host{}), two)
	s.serve(old)
	s.refuses(p, tuf.ErrRollback)
}

// On leaves the policy that it is called on as it was.
func TestOn(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	p, err := tuf.New(s.options)
	if err != nil {
		t.Fatal(err)
	}
	bound := p.On(trust.Host{Memory: s.host})
	s.accepts(p, one)
	if s.host.writes != 0 {
		t.Fatalf("the policy without a host wrote to one")
	}
	s.accepts(bound, one)
	if s.host.writes != 1 {
		t.Fatalf("the host has %d writes; want 1", s.host.writes)
	}
}

func TestConcurrent(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	p := s.start()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			got, err := p.Vouch(t.Context(), s.candidate())
			if err != nil || got.Digest != sha256.Sum256(one) {
				t.Errorf("Vouch = %+v, %v", got, err)
			}
		})
	}
	all.Wait()
	if s.host.writes != 1 {
		t.Errorf("%d writes; want 1", s.host.writes)
	}
}
