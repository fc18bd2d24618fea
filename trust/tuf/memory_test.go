package tuf_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/trust/tuf"
)

var errDisk = errors.New("the disk is full")

func TestMemoryFails(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	s.host.err = errDisk
	err := s.refuses(s.start(), tuf.ErrMemory)
	if !errors.Is(err, errDisk) || len(s.requests()) != 0 {
		t.Fatalf("Vouch = %v; want %v, before anything is asked for", err, errDisk)
	}
}

// What cannot be kept is not acted upon.
func TestMemoryFailsAtTheEnd(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	calls := 0
	s.host.before = func() {
		if calls++; calls == 2 {
			s.host.err = errDisk
		}
	}
	if err := s.refuses(s.start(), tuf.ErrMemory); !errors.Is(err, errDisk) {
		t.Fatalf("Vouch = %v; want %v", err, errDisk)
	}
}

func TestMemoryDamaged(t *testing.T) {
	for _, entry := range []string{"{", "null x", `{"roots":{"x":""}}`, `{"timestamp":"?"}`, "\x00"} {
		s := newSite(t)
		s.release(app, one)
		s.host.entries = map[string][]byte{"tuf": []byte(entry)}
		err := s.refuses(s.start(), tuf.ErrMemory)
		if !strings.Contains(err.Error(), "take it away") {
			t.Errorf("entry %q: %v; want the way out named", entry, err)
		}
		if string(s.host.entries["tuf"]) != entry {
			t.Errorf("entry %q was replaced", entry)
		}
	}
}

// What is remembered is verified, not believed.
func TestMemoryForged(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	s.accepts(s.start(), one)

	thief := newSite(t) // another repository: all signed, by other keys
	thief.rotate("root", newKey(t))
	thief.release(app, two)
	thief.release(app, two)
	thief.accepts(thief.start(), two)
	s.host.entries = thief.host.entries
	s.accepts(s.start(), one)
}

// A later version of this package may remember more.
func TestMemoryOfALaterVersion(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	s.host.entries = map[string][]byte{"tuf": []byte(`{"later":{"a":1}}`)}
	s.accepts(s.start(), one)
}

// Another master that shares the memory learns something during the look.
func TestMemoryOvertaken(t *testing.T) {
	for _, row := range []struct {
		name    string
		changes int // by the other master
		want    error
	}{
		{"never", 0, nil}, {"once", 1, nil}, {"twice", 2, nil}, {"always", 1 << 30, tuf.ErrMemory},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t)
			s.release(app, two)
			stale, calls, changes, other := s.start(), 0, 0, false
			s.host.before = func() {
				if other {
					return
				}
				calls++
				if changes == row.changes {
					return
				}
				s.release(app, two)
				if calls%2 == 0 { // the look is about to keep what it has learned
					changes, other = changes+1, true
					s.accepts(s.start(), two)
					other = false
				}
			}
			if row.want != nil {
				s.refuses(stale, row.want)
				return
			}
			s.accepts(stale, two)
			if changes != row.changes {
				t.Errorf("overtaken %d times; want %d", changes, row.changes)
			}
		})
	}
}

// Two masters that learn the same do not disturb each other.
func TestMemoryShared(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	calls := 0
	s.host.before = func() {
		if calls++; calls == 2 { // the look is about to keep what it has learned
			s.accepts(s.start(), one)
		}
	}
	s.accepts(s.start(), one)
	if s.host.writes != 1 || calls != 4 {
		t.Fatalf("%d writes in %d calls; want 1 in 4", s.host.writes, calls)
	}
}

// The end of the context stops the look; what it has learned is kept.
func TestMemoryKeepsAfterCancel(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	before := s.state()
	s.accepts(s.start(), one)
	s.rotate("timestamp", newKey(t))
	ctx, cancel := context.WithCancel(t.Context())
	s.answer(func(_ http.ResponseWriter, req *http.Request) bool {
		if req.URL.Path != "/timestamp.json" {
			return false
		}
		cancel()
		<-req.Context().Done()
		return true
	})
	if _, err := s.start().Vouch(ctx, s.candidate()); !errors.Is(err, context.Canceled) || errors.Is(err, tuf.ErrUnreachable) {
		t.Fatalf("Vouch = %v; want %v", err, context.Canceled)
	}
	s.answer(nil)
	s.serve(before)
	s.refuses(s.start(), tuf.ErrSignature)
}

// Of a repository that is large, what can be fetched again is not kept.
func TestMemoryIsSmall(t *testing.T) {
	s := newSite(t)
	noise := make([]byte, 400<<10)
	_, _ = rand.Read(noise)
	s.roles["targets"].Signed.UnrecognizedFields = map[string]any{"note": hex.EncodeToString(noise)}
	s.release(app, one)
	s.accepts(s.start(), one)
	if got := len(s.host.entries["tuf"]); got > 16<<10 {
		t.Fatalf("%d bytes are kept; want a few", got)
	}
	s.requests()
	s.accepts(s.start(), one)
	if got := s.requests(); len(got) != 3 || got[2] != "1.targets.json" {
		t.Fatalf("asked for %q; want the targets again", got)
	}
}

// A memory that would grow for ever is an error: here by roots.
func TestMemoryIsBounded(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	entry, err := json.Marshal(map[string]any{"roots": map[string][]byte{"0": make([]byte, 5<<20)}})
	if err != nil {
		t.Fatal(err)
	}
	s.host.entries = map[string][]byte{"tuf": entry}
	s.accepts(s.start(), one)
	entry, err = json.Marshal(map[string]any{"roots": map[string][]byte{"0": make([]byte, 7<<20)}})
	if err != nil {
		t.Fatal(err)
	}
	s.host.entries = map[string][]byte{"tuf": entry}
	s.refuses(s.start(), tuf.ErrMemory)
}

// Where both fail, both are told.
func TestMemoryFailsToo(t *testing.T) {
	s := newSite(t)
	s.rotate("root", newKey(t)) // is learned; there is no timestamp
	calls := 0
	s.host.before = func() {
		if calls++; calls == 2 {
			s.host.err = errDisk
		}
	}
	_, err := s.start().Vouch(t.Context(), s.candidate())
	for _, want := range []error{tuf.ErrUnreachable, tuf.ErrMemory, errDisk} {
		if !errors.Is(err, want) {
			t.Errorf("Vouch = %v; want %v", err, want)
		}
	}
}
