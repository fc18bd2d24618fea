package tuf_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/seed-3d078585/overseer/trust/tuf"
)

// stall makes the server hold back the end of a file, and says when it does.
func (s *site) stall(file string, begin int) (stalled chan struct{}) {
	stalled = make(chan struct{}, 16)
	s.answer(func(w http.ResponseWriter, req *http.Request) bool {
		if req.URL.Path != "/"+file {
			return false
		}
		_, _ = w.Write(s.file(file)[:begin])
		_ = http.NewResponseController(w).Flush()
		stalled <- struct{}{}
		<-req.Context().Done()
		return true
	})
	return stalled
}

// Wherever the server stands still, the end of the context ends the wait.
func TestStalledServer(t *testing.T) {
	for _, file := range []string{"timestamp.json", "1.snapshot.json", "1.targets.json"} {
		for _, begin := range []int{0, 10} {
			s := newSite(t)
			s.release(app, one)
			stalled := s.stall(file, begin)
			ctx, cancel := context.WithCancel(t.Context())
			result := make(chan error, 1)
			p := s.start()
			go func() {
				_, err := p.Vouch(ctx, s.candidate())
				result <- err
			}()
			<-stalled
			began := time.Now()
			cancel()
			err := <-result
			if !errors.Is(err, context.Canceled) || errors.Is(err, tuf.ErrUnreachable) {
				t.Errorf("%s after %d bytes: Vouch = %v; want %v", file, begin, err, context.Canceled)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%s after %d bytes: the end took %v", file, begin, took)
			}
		}
	}
}

// Without an end of the context there are those of the options.
func TestTimeouts(t *testing.T) {
	for _, row := range []struct {
		name string
		set  func(*tuf.Options)
		want string
	}{
		{"request", func(o *tuf.Options) { o.RequestTimeout = 50 * time.Millisecond }, "no whole answer within 50ms"},
		{"refresh", func(o *tuf.Options) { o.RefreshTimeout = 50 * time.Millisecond }, "no whole refresh within 50ms"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSite(t)
			s.release(app, one)
			s.stall("timestamp.json", 10)
			row.set(&s.options)
			if err := s.refuses(s.start(), tuf.ErrUnreachable); !strings.Contains(err.Error(), row.want) {
				t.Errorf("Vouch = %v; want %q", err, row.want)
			}
		})
	}
}

// Whoever waits for another Vouch of the same policy need not wait for ever.
func TestTurn(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	stalled := s.stall("timestamp.json", 0)
	p := s.start()
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := p.Vouch(ctx, s.candidate())
		first <- err
	}()
	<-stalled
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := p.Vouch(ended, s.candidate()); !errors.Is(err, context.Canceled) {
		t.Errorf("Vouch = %v; want %v", err, context.Canceled)
	}
	cancel()
	<-first
	s.answer(nil)
	s.accepts(p, one)
}

func TestStatusCanBeMatched(t *testing.T) {
	s := newSite(t)
	err := s.refuses(s.start(), tuf.ErrUnreachable)
	status, ok := errors.AsType[*metadata.ErrDownloadHTTP](err)
	if !ok || status.StatusCode != http.StatusNotFound || !strings.HasSuffix(status.URL, "/timestamp.json") {
		t.Fatalf("Vouch = %v; want status 404 of timestamp.json", err)
	}
}

func TestNobodyListens(t *testing.T) {
	s := newSite(t)
	s.server.Close()
	s.refuses(s.start(), tuf.ErrUnreachable)
}

// A few kilobytes that unpack to many are bounded by what they become.
func TestPackedEndlessly(t *testing.T) {
	s := newSite(t)
	s.options.Client = nil // the package's own asks for gzip
	s.answer(func(w http.ResponseWriter, req *http.Request) bool {
		if req.URL.Path != "/timestamp.json" {
			return false
		}
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		_, _ = packed.Write(make([]byte, 10<<20))
		_ = packed.Close()
		return true
	})
	s.refuses(s.start(), tuf.ErrTooLarge)
}

func TestRedirects(t *testing.T) {
	open := newSite(t)
	open.release(app, one)
	closed := httptest.NewTLSServer(nil)
	t.Cleanup(closed.Close)
	for _, row := range []struct {
		name string
		to   string
		code int
		want string // "": followed
	}{
		{"from https to http", open.server.URL, http.StatusFound, `redirected from https to "http": refused`},
		{"in circles", closed.URL, http.StatusTemporaryRedirect, "more than 10 redirects"},
	} {
		t.Run(row.name, func(t *testing.T) {
			closed.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				http.Redirect(w, req, row.to+req.URL.Path, row.code)
			})
			s := newSite(t)
			s.options = open.options
			s.options.Client, s.options.MetadataURL = closed.Client(), closed.URL
			open.requests()
			err := s.refuses(s.start(), tuf.ErrUnreachable)
			if !strings.Contains(err.Error(), row.want) || len(open.requests()) != 0 {
				t.Errorf("Vouch = %v; want %q", err, row.want)
			}
		})
	}
}

// A redirect to another server is followed, without the user's header.
func TestHeader(t *testing.T) {
	const name = "Private-Token"
	s := newSite(t)
	s.release(app, one)
	s.answer(func(_ http.ResponseWriter, req *http.Request) bool {
		if req.Header.Get(name) != "" || req.Header.Get("Referer") != "" {
			t.Errorf("%s came with %v", req.URL, req.Header)
		}
		return false
	})
	asked := 0
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if asked++; req.Header.Get(name) != "secret" || req.URL.RawQuery != "sig=secret" {
			t.Errorf("%s came with %v", req.URL, req.Header)
		}
		http.Redirect(w, req, s.server.URL+strings.TrimPrefix(req.URL.Path, "/metadata"), http.StatusFound)
	}))
	t.Cleanup(front.Close)
	s.options.MetadataURL = front.URL + "/metadata?sig=secret"
	s.options.Header = http.Header{name: {"secret"}}
	s.accepts(s.start(), one)
	if asked != 4 {
		t.Errorf("%d requests; want 4", asked)
	}
}

// No message has the query, the password, or what the client adds to an error.
func TestSecretsStayOut(t *testing.T) {
	s := newSite(t)
	host := strings.TrimPrefix(s.server.URL, "http://")
	s.options.MetadataURL = "http://user:secret@" + host + "/m?sig=secret"
	for _, close := range []bool{false, true} {
		if close {
			s.server.Close()
		}
		if err := s.refuses(s.start(), tuf.ErrUnreachable); strings.Contains(err.Error(), "secret") {
			t.Errorf("Vouch = %v", err)
		}
	}
}

// A client's own rule about redirects is asked too, and not changed.
func TestClientRule(t *testing.T) {
	s := newSite(t)
	s.answer(func(w http.ResponseWriter, req *http.Request) bool {
		http.Redirect(w, req, "/again", http.StatusFound)
		return true
	})
	asked := 0
	s.options.Client.CheckRedirect = func(*http.Request, []*http.Request) error { asked++; return http.ErrUseLastResponse }
	s.refuses(s.start(), tuf.ErrUnreachable)
	if asked != 1 {
		t.Fatalf("the client's rule was asked %d times; want 1", asked)
	}
}

// An answer that breaks off is not taken for a whole one.
func TestCutAnswer(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	s.options.Client = &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Request: req, Body: io.NopCloser(io.MultiReader(strings.NewReader("{"), broken{}))}, nil
	})}
	s.refuses(s.start(), tuf.ErrUnreachable)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
