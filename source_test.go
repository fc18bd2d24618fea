//go:build unix

package overseer_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
)

// A source is a release server that counts what it is asked.
type source struct {
	URL string

	mu     sync.Mutex
	bytes  []byte
	down   bool        // ends each connection without an answer
	cut    int         // answers still to be cut in the middle
	calls  []time.Time // all requests
	whole  int         // answers that began at the first byte
	ranges int         // answers that went on from another
	same   int         // answers without bytes: nothing new
}

func newSource(t *testing.T) *source {
	t.Helper()
	src := &source{}
	server := httptest.NewServer(src)
	t.Cleanup(server.Close)
	src.URL = server.URL + "/app"
	return src
}

func (src *source) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	src.mu.Lock()
	defer src.mu.Unlock()
	src.calls = append(src.calls, time.Now())
	switch {
	case src.down:
		panic(http.ErrAbortHandler)
	case src.bytes == nil:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprintf("%x", sha256.Sum256(src.bytes))))
	counted := &countedAnswer{ResponseWriter: w, left: -1}
	if src.cut > 0 {
		src.cut--
		counted.left = len(src.bytes) / 2
	}
	http.ServeContent(counted, r, "", time.Time{}, bytes.NewReader(src.bytes))
	switch counted.status {
	case http.StatusOK:
		src.whole++
	case http.StatusPartialContent:
		src.ranges++
	case http.StatusNotModified:
		src.same++
	}
	if counted.left == 0 {
		panic(http.ErrAbortHandler)
	}
}

// A countedAnswer notes the status, and ends after so many bytes.
type countedAnswer struct {
	http.ResponseWriter
	status int
	left   int // -1: no end
}

func (a *countedAnswer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *countedAnswer) Write(b []byte) (int, error) {
	if a.left < 0 {
		return a.ResponseWriter.Write(b)
	}
	n, err := a.ResponseWriter.Write(b[:min(len(b), a.left)])
	a.left -= n
	if a.left == 0 && err == nil {
		err = http.ErrAbortHandler
	}
	return n, err
}

// set changes the source; publish a release by setting bytes.
func (src *source) set(f func(*source)) {
	src.mu.Lock()
	defer src.mu.Unlock()
	f(src)
}

func (src *source) get(f func(*source) int) int {
	src.mu.Lock()
	defer src.mu.Unlock()
	return f(src)
}

// fetching registers a service that fetches from TEST_URL.
func fetching(name string, change func(*overseer.Config)) string {
	return obeying(name, func(c *overseer.Config) {
		c.Fetcher = &fetcher.HTTP{URL: os.Getenv("TEST_URL"), Interval: 10 * time.Millisecond}
		c.MinFetchInterval = 10 * time.Millisecond
		change(c)
	})
}
