package tuf_test

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3d078585/overseer/trust/tuf"
)

// Somebody keeps the host at one state: nothing is wrong with it until it has
// expired, and then there are no updates. The host goes on by itself once the
// repository can be had again.
func TestFreeze(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newBubbleSite(t)
		r := s.repository
		r.release(app, one)
		p := s.start()
		s.accepts(p, one)
		frozen := r.state()
		r.timestamp.Signed.Expires = time.Now().Add(60 * day)
		r.snapshot.Signed.Expires = time.Now().Add(60 * day)
		r.roles["targets"].Signed.Expires = time.Now().Add(60 * day)
		r.release(app, two)
		current := r.state()

		r.serve(frozen)
		time.Sleep(29 * day)
		s.accepts(p, one)
		time.Sleep(2 * day)
		err := s.refuses(p, tuf.ErrExpired)
		if want := "timestamp: "; !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "expired at ") {
			t.Errorf("Vouch = %v; want the role and the date", err)
		}
		s.refuses(s.start(), tuf.ErrExpired)
		r.serve(current)
		s.accepts(p, two)
		time.Sleep(400 * day) // the root too
		r.requests()
		s.refuses(p, tuf.ErrExpired)
		if got := r.requests(); len(got) != 1 {
			t.Errorf("asked for %q; want nothing after the roots", got)
		}
	})
}

// A policy looks at the repository once at a time.
func TestOneLookAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newBubbleSite(t)
		s.release(app, one)
		proceed := make(chan struct{})
		s.answer(func(http.ResponseWriter, *http.Request) bool { <-proceed; return false })
		p := s.start()
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if got, err := p.Vouch(t.Context(), s.candidate()); err != nil || got.Digest != sha256.Sum256(one) {
					t.Errorf("Vouch = %+v, %v", got, err)
				}
			})
		}
		synctest.Wait() // one waits for the server, the other for the first
		if got := s.requests(); len(got) != 1 {
			t.Errorf("asked for %q; want one file", got)
		}
		close(proceed)
		both.Wait()
	})
}

// newBubbleSite has no network, whose waits are none of a bubble's.
func newBubbleSite(t *testing.T) *site {
	s := &site{repository: newRepository(t), host: new(host)}
	s.options = tuf.Options{
		Root: s.file("1.root.json"), MetadataURL: "https://releases.example.com/metadata", Target: app,
		Client: &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			answer := httptest.NewRecorder()
			http.StripPrefix("/metadata", s.repository).ServeHTTP(answer, req)
			return answer.Result(), nil
		})},
	}
	return s
}
