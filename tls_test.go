//go:build unix

package overseer_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
)

// secure is a web service with TLS that notes the number of each request it
// begins to serve.
var secure = register("secure", func() {
	c := webConfig()
	c.Probe = nil
	c.Program = func(s overseer.State) {
		seen, err := os.OpenFile(filepath.Join(filepath.Dir(os.Getenv("TEST_NEXT")), "seen"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		srv := &http.Server{
			TLSConfig: &tls.Config{Certificates: testCertificate()},
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintln(seen, r.FormValue("number"))
				time.Sleep(2 * time.Millisecond) // so that some are in flight at any moment
				fmt.Fprint(w, r.Proto)
			}),
		}
		announce(s)
		if err := s.Serve(srv); err != nil {
			fmt.Fprintln(os.Stderr, "serve:", err)
			os.Exit(3)
		}
	}
	overseer.Run(c)
})

// testCertificate is that of net/http/httptest.
func testCertificate() []tls.Certificate {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return server.TLS.Certificates
}

// State.Serve loses no request over TLS either. The client is Go's own, sending
// POST: it sends a request again only where the server cannot have begun it (on
// HTTP/2, a stream above the last one that a GOAWAY names, which RFC 9113,
// section 6.8, declares unprocessed; on HTTP/1, nothing was written). That none
// was begun twice is counted in the program.
func TestServeOverTLSLosesNoRequest(t *testing.T) {
	t.Parallel()
	restarts := 50
	if testing.Short() {
		restarts = 10
	}
	for _, row := range []struct {
		proto string
		h2    bool
	}{{"HTTP/1.1", false}, {"HTTP/2.0", true}} {
		t.Run(row.proto, func(t *testing.T) {
			t.Parallel()
			s := startService(t, secure)
			s.live(1)
			load := startSecureLoad(t, s, row.proto, row.h2)
			for range restarts {
				s.restart()
			}
			load.end()
			t.Logf("%d requests, %d restarts", load.sent.Load(), restarts)
			s.stop()

			text, err := os.ReadFile(filepath.Join(s.Dir, "seen"))
			if err != nil {
				t.Fatal(err)
			}
			begun := map[string]int{}
			for number := range strings.Lines(string(text)) {
				begun[strings.TrimSpace(number)]++
			}
			for number, n := range begun {
				if n != 1 {
					t.Errorf("request %s was begun %d times, want once", number, n)
				}
			}
			if int64(len(begun)) != load.sent.Load() {
				t.Errorf("%d requests were begun, want %d, each one that was sent", len(begun), load.sent.Load())
			}
		})
	}
}

// A secureLoad sends requests until its end; each failure fails the test.
type secureLoad struct {
	sent  atomic.Int64
	ended context.Context
	end   func()
}

func startSecureLoad(t *testing.T, s *service, proto string, h2 bool) *secureLoad {
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true}, // httptest's, for example.com
		ForceAttemptHTTP2:   h2,
		MaxIdleConnsPerHost: 8,
	}
	client := &http.Client{Transport: transport, Timeout: bound}
	ended, cancel := context.WithCancel(context.Background())
	load := &secureLoad{ended: ended}
	var clients sync.WaitGroup
	url := "https://" + s.Address() + "/?number="
	for range 8 {
		clients.Go(func() {
			for ended.Err() == nil {
				number := load.sent.Add(1)
				resp, err := client.Post(fmt.Sprint(url, number), "", nil)
				if err != nil {
					t.Errorf("request %d: %v", number, err)
					continue
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || string(body) != proto {
					t.Errorf("request %d: %q, %v, want %q", number, body, err, proto)
				}
			}
		})
	}
	load.end = sync.OnceFunc(func() {
		cancel()
		clients.Wait()
		transport.CloseIdleConnections()
	})
	t.Cleanup(load.end)
	return load
}
