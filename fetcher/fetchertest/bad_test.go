package fetchertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

// A memory is a source that keeps every promise, until a row breaks one.
type memory struct {
	published, have []byte
	cut             bool
	flooded         bool
	again           bool
	host            fetcher.Host

	forgetful, hasty, trusting, blind, patient, deaf, loud, lying, stubborn, untidy bool
}

func (m *memory) SetHost(h fetcher.Host) { m.host = h }

type reader struct {
	io.Reader
	ctx   context.Context
	taken func()
	claim release.Candidate
}

func (r *reader) Candidate() release.Candidate { return r.claim }

func (r *reader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.Reader.Read(p)
}

func (r *reader) Taken()     { r.taken() }
func (*reader) Close() error { return nil }

var errCut = errors.New("cut")

func (m *memory) Init() error { return nil }

func (m *memory) Fetch() (io.Reader, error) { return m.FetchContext(context.Background()) }

func (m *memory) FetchContext(ctx context.Context) (io.Reader, error) {
	if ctx.Err() != nil && !m.deaf {
		return nil, ctx.Err()
	}
	if m.flooded && !m.blind {
		return nil, fetcher.ErrTooLarge
	}
	offer := m.published
	if offer == nil || bytes.Equal(offer, m.have) || (m.patient && m.have != nil) {
		if m.loud {
			return nil, errors.New("nothing new")
		}
		return nil, nil
	}
	if m.hasty {
		m.have = offer
	}
	r := &reader{Reader: bytes.NewReader(offer), ctx: ctx, taken: func() { m.have = offer }}
	if m.forgetful {
		r.taken = func() {}
	}
	r.claim = release.Candidate{Size: int64(len(offer)), Digest: sha256.Sum256(offer)}
	if m.lying {
		r.claim.Digest[0]++
	}
	if m.untidy {
		os.WriteFile(filepath.Join(m.host.Scratch, "patch"), offer, 0o600)
	}
	if m.again {
		m.again = m.stubborn
		r.Reader = io.MultiReader(bytes.NewReader(offer[:100]), failing{fetcher.ErrAgain})
		r.taken = func() {}
	}
	if m.cut {
		m.cut = false
		end := errCut
		if m.trusting {
			end = io.EOF
		}
		r.Reader = io.MultiReader(bytes.NewReader(offer[:100]), failing{end})
		r.taken = func() {}
	}
	return r, nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func (m *memory) source() Source {
	return Source{
		Fetcher: m,
		Publish: func(p []byte) { m.published = p },
		Change:  func(p []byte) { m.published = p },
		Cut:     func() { m.cut = true },
		Again:   func(p []byte) { m.published, m.again = p, true },
		Flood:   func() { m.published, m.flooded = make([]byte, 1<<20), true },
	}
}

var memories = map[string]func() *memory{
	"good":      func() *memory { return &memory{} },
	"forgetful": func() *memory { return &memory{forgetful: true} },
	"hasty":     func() *memory { return &memory{hasty: true} },
	"trusting":  func() *memory { return &memory{trusting: true} },
	"blind":     func() *memory { return &memory{blind: true} },
	"patient":   func() *memory { return &memory{patient: true} },
	"deaf":      func() *memory { return &memory{deaf: true} },
	"loud":      func() *memory { return &memory{loud: true} },
	"lying":     func() *memory { return &memory{lying: true} },
	"stubborn":  func() *memory { return &memory{stubborn: true} },
	"untidy":    func() *memory { return &memory{untidy: true} },
}

const chosen = "FETCHERTEST_MEMORY"

// TestMemory runs the suite on the source that the environment names, which
// TestSuite does in a child, and otherwise on the good one.
func TestMemory(t *testing.T) {
	name := os.Getenv(chosen)
	if name == "" {
		name = "good"
	}
	Test(t, func(*testing.T) Source { return memories[name]().source() })
}

// TestSuite proves that the suite fails for a source that breaks a promise, in
// the test that is about it.
func TestSuite(t *testing.T) {
	for name, fails := range map[string]string{
		"forgetful": "offered_whole_until_it_is_taken",
		"hasty":     "offered_whole_until_it_is_taken",
		"trusting":  "a_cut_body_is_offered_again",
		"blind":     "too_many_bytes_are_an_error",
		"patient":   "the_next_release_is_offered",
		"deaf":      "a_cancelled_fetch_returns",
		"loud":      "offered_whole_until_it_is_taken",
		"lying":     "offered_whole_until_it_is_taken",
		"stubborn":  "another_way_is_gone_at_once",
		"untidy":    "offered_whole_until_it_is_taken",
	} {
		t.Run(name, func(t *testing.T) {
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemory$", "-test.timeout=1m")
			child.Env = append(os.Environ(), chosen+"="+name, "GORACE=atexit_sleep_ms=0")
			out, err := child.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: TestMemory/"+fails) {
				t.Fatalf("the suite on a source that is %s: %v; want %q to fail in\n%s", name, err, fails, out)
			}
		})
	}
}
