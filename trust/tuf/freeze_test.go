package tuf_test

import (
	"net/http"
	"net/http/httptest"
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
		r := newRepository(t)
		r.release(app, one)
		s := &site{repository: r, host: new(host)}
		s.options = tuf.Options{
			Root: r.file("1.root.json"), MetadataURL: "https://releases.example.com/metadata", Target: app,
			// No network in here: its waits are none of the bubble's.
			Client: &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
				answer := httptest.NewRecorder()
				http.StripPrefix("/metadata", r).ServeHTTP(answer, req)
				return answer.Result(), nil
			})},
		}
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
		s.refuses(p, tuf.ErrExpired)
		s.refuses(s.start(), tuf.ErrExpired)
		r.serve(current)
		s.accepts(p, two)
		time.Sleep(400 * day) // the root too
		s.refuses(p, tuf.ErrExpired)
	})
}
