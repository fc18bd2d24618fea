//go:build unix

package update

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// A judge is a policy that does what its function says, and notes its host.
type judge struct {
	vouch func(release.Candidate) (trust.Grant, error)
	host  *trust.Host
}

func (judge) Name() string { return "judge" }

func (j judge) On(h trust.Host) trust.Policy { *j.host = h; return j }

func (j judge) Vouch(_ context.Context, c release.Candidate) (trust.Grant, error) { return j.vouch(c) }

func digest(s string) release.Digest { return sha256.Sum256([]byte(s)) }

// A lazy body counts whether it was read at all: what a source downloads.
type lazy struct {
	*body
	reads int
}

func (l *lazy) Read(p []byte) (int, error) { l.reads++; return l.body.Read(p) }

func TestWhatIsKnownIsNotDownloaded(t *testing.T) {
	for name, known := range map[string]func(t *testing.T, b *bench, d release.Digest){
		"installed":   nil,
		"quarantined": func(t *testing.T, b *bench, d release.Digest) { must(t, b.Store.Quarantine(d, "crashed", time.Time{})) },
	} {
		t.Run(name, func(t *testing.T) {
			content := installed
			if known != nil {
				content = "v2"
			}
			offer := &lazy{body: newBody(content)}
			fetch, _ := then(offer)
			b := newBench(t, fetch)
			b.Policy = judge{host: new(trust.Host), vouch: func(release.Candidate) (trust.Grant, error) {
				return trust.Grant{Digest: digest(content)}, nil
			}}
			if known != nil {
				known(t, b, digest(content))
			}
			synctest.Test(t, func(t *testing.T) {
				if got := b.run(t, 10*time.Second); len(got) != 0 {
					t.Fatalf("offered %q", got)
				}
			})
			if offer.reads != 0 || offer.taken != 1 || offer.closed != 1 {
				t.Fatalf("read %d times, taken %d, closed %d; want 0, 1, 1", offer.reads, offer.taken, offer.closed)
			}
		})
	}
}

// A release that reaches this host later is neither a failure nor taken.
func TestNotYet(t *testing.T) {
	var offers []*body
	fetch := func(context.Context) (io.Reader, error) {
		offers = append(offers, newBody("v2"))
		return offers[len(offers)-1], nil
	}
	b := newBench(t, fetch)
	asked := 0
	b.Policy = judge{host: new(trust.Host), vouch: func(release.Candidate) (trust.Grant, error) {
		if asked++; asked <= 3 {
			return trust.Grant{}, fmt.Errorf("%w: 10 %% of the hosts, this one is at 42", trust.ErrNotYet)
		}
		return trust.Grant{Version: "1.2.3"}, nil
	}}
	synctest.Test(t, func(t *testing.T) {
		if got := b.run(t, 3*time.Second); !slices.Equal(got, []string{"v2"}) {
			t.Fatalf("offered %q; want v2", got)
		}
	})
	for i, o := range offers[:4] {
		if want := i / 3; o.taken != want || o.closed != 1 {
			t.Errorf("offer %d: taken %d times, closed %d; want %d, 1", i, o.taken, o.closed, want)
		}
	}
	if b.log.count("WARN") != 0 || b.log.count("DEBUG", "not for this host yet") != 3 || b.log.count("INFO fetched", "version=1.2.3", "trusted_by=judge") == 0 {
		t.Errorf("log:\n%s", b.log)
	}
}

// A source that knows another way is asked at once, a bounded number of times.
func TestAgain(t *testing.T) {
	broken := fmt.Errorf("%w: the delta gave other bytes", fetcher.ErrAgain)
	for _, row := range []struct {
		name    string
		answers []any
		want    []string
	}{
		{"once", []any{io.MultiReader(newBody("v"), failing{broken}), "v2"}, []string{"v2"}},
		{"from Fetch itself", []any{broken, "v2"}, []string{"v2"}},
		{"for ever", slices.Repeat([]any{broken}, maxWays), nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			fetch, times := then(row.answers...)
			b := newBench(t, fetch)
			b.Interval = time.Hour
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				if got := b.run(t, time.Minute); !slices.Equal(got, row.want) {
					t.Fatalf("offered %q; want %q\n%s", got, row.want, b.log)
				}
				for i := range row.answers {
					if at := (*times)[i]; !at.Equal(began) {
						t.Errorf("fetch %d came after %v", i, at.Sub(began))
					}
				}
			})
			if b.log.count("WARN", "another way") != max(1, min(len(row.answers)-1, maxWays)) && len(row.want) > 0 {
				t.Errorf("log:\n%s", b.log)
			}
		})
	}
}

// What went otherwise than it should on the way is told, though the bytes came.
func TestRemarks(t *testing.T) {
	fetch, _ := then(remarkable{newBody("v2")})
	b := newBench(t, fetch)
	synctest.Test(t, func(t *testing.T) {
		if got := b.run(t, 10*time.Second); !slices.Equal(got, []string{"v2"}) {
			t.Fatalf("offered %q; want v2", got)
		}
	})
	if b.log.count("WARN", "the delta failed") != 1 {
		t.Errorf("log:\n%s", b.log)
	}
}

type remarkable struct{ *body }

func (remarkable) Remarks() []string { return []string{"the delta failed"} }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// hosted is a source that notes its host.
type hosted struct {
	source
	host fetcher.Host
	init bool
}

func (h *hosted) Init() error { h.init = true; return nil }

func (h *hosted) SetHost(host fetcher.Host) {
	if h.init {
		panic("SetHost after Init")
	}
	h.host = host
}

func TestSourceAndPolicyKnowTheirHost(t *testing.T) {
	b := newBench(t, nil)
	fetch, _ := then()
	h := &hosted{source: source{fetch: fetch}}
	told := new(trust.Host)
	b.Source, b.Policy = h, judge{host: told, vouch: func(release.Candidate) (trust.Grant, error) { return trust.Grant{}, errors.New("no") }}
	synctest.Test(t, func(t *testing.T) { b.run(t, time.Second) })

	base, err := h.host.Installed(t.Context())
	must(t, err)
	defer base.Close()
	text, err := io.ReadAll(io.NewSectionReader(base, 0, base.Size))
	must(t, err)
	if string(text) != installed || base.Digest != digest(installed) || h.host.Scratch != b.Store.Dir() {
		t.Errorf("the source knows %q, digest %s, scratch %q", text, base.Digest.Short(), h.host.Scratch)
	}
	d, err := told.Installed(t.Context())
	if err != nil || d != digest(installed) {
		t.Errorf("the policy knows %s, %v", d.Short(), err)
	}
	must(t, told.Memory.Update(t.Context(), "app", func([]byte) ([]byte, error) { return []byte("7"), nil }))
}
