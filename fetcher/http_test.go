package fetcher_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
)

func TestHTTPInit(t *testing.T) {
	for _, row := range []struct {
		name string
		http fetcher.HTTP
		says string
	}{
		{"good", fetcher.HTTP{URL: "https://host/app"}, ""},
		{"empty", fetcher.HTTP{}, "URL is empty"},
		{"no scheme", fetcher.HTTP{URL: "host/app"}, "must be http"},
		{"another scheme", fetcher.HTTP{URL: "ftp://host/app"}, "must be http"},
		{"no host", fetcher.HTTP{URL: "https:///app"}, "must be http"},
		{"unreadable", fetcher.HTTP{URL: "http://host/%zz"}, "cannot be read"},
		{"negative interval", fetcher.HTTP{URL: "http://host/", Interval: -1}, "Interval"},
		{"negative stall", fetcher.HTTP{URL: "http://host/", StallTimeout: -1}, "StallTimeout"},
		{"negative size", fetcher.HTTP{URL: "http://host/", MaxSize: -1}, "MaxSize"},
	} {
		t.Run(row.name, func(t *testing.T) {
			wantSays(t, row.http.Init(), row.says)
		})
	}
}

// wantSays wants an error with these words, or none where they are empty.
func wantSays(t *testing.T, err error, says string) {
	t.Helper()
	if (err == nil) != (says == "") || (err != nil && !strings.Contains(err.Error(), says)) {
		t.Fatalf("error is %v; want %q", err, says)
	}
}

func TestHTTPPace(t *testing.T) {
	requests := 0
	serve := func(w http.ResponseWriter, r *http.Request) {
		requests++
		w.Header().Set("ETag", `"v1"`)
		if r.Header.Get("If-None-Match") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		io.WriteString(w, "program")
	}
	inBubble(t, serve, func(t *testing.T, client *http.Client) {
		f := &fetcher.HTTP{URL: "http://releases/app", Client: client}
		if took := wantWhole(t, f, []byte("program")); took != 0 {
			t.Errorf("the first fetch waited %v", took)
		}
		for range 3 {
			if took := wantNothing(t, f); took != 5*time.Minute {
				t.Errorf("a later fetch waited %v; want 5m0s", took)
			}
		}
		if requests != 4 {
			t.Errorf("%d requests; want one for each fetch", requests)
		}
	})
}

func TestHTTPRefusals(t *testing.T) {
	for _, row := range []struct {
		name   string
		code   int
		header http.Header
		after  time.Duration // -1: no RetryAfterError
		says   string
	}{
		{"not found", 404, nil, -1, "check the URL"},
		{"forbidden", 403, nil, -1, "check the credentials"},
		{"server error", 500, nil, -1, "answered 500"},
		{"not modified, unasked", 304, nil, -1, "answered 304"},
		{"partial, unasked", 206, nil, -1, "answered 206"},
		{"no content", 204, nil, -1, "answered 204"},
		{"unavailable", 503, nil, -1, "answered 503"},
		{"unavailable, seconds", 503, http.Header{"Retry-After": {"90"}}, 90 * time.Second, "1m30s"},
		{"too many, date", 429, http.Header{"Retry-After": {"Sat, 01 Jan 2000 00:10:00 GMT"}}, 10 * time.Minute, "10m0s"},
		{"too many, past date", 429, http.Header{"Retry-After": {"Fri, 01 Jan 1999 00:10:00 GMT"}}, 0, "0s"},
		{"too many, for years", 429, http.Header{"Retry-After": {"4000000000000"}}, 24 * time.Hour, "24h"},
		{"too many, nonsense", 429, http.Header{"Retry-After": {"soon"}}, -1, "answered 429"},
	} {
		t.Run(row.name, func(t *testing.T) {
			serve := func(w http.ResponseWriter, _ *http.Request) {
				for name, values := range row.header {
					w.Header()[name] = values
				}
				w.WriteHeader(row.code)
				if row.code != 204 && row.code != 304 {
					io.WriteString(w, strings.Repeat("long ", 10_000))
				}
			}
			inBubble(t, serve, func(t *testing.T, client *http.Client) {
				f := &fetcher.HTTP{URL: "http://user:pass@releases/app?token=secret", Client: client}
				_, _, err := fetchAll(t, f)
				wantSays(t, err, row.says)
				status, ok := errors.AsType[*fetcher.StatusError](err)
				if !ok || status.Code != row.code || len(status.Excerpt) > 512 {
					t.Errorf("error %v is no StatusError of %d with a bounded excerpt", err, row.code)
				}
				later, ok := errors.AsType[*fetcher.RetryAfterError](err)
				if ok != (row.after >= 0) || (ok && later.After != row.after) {
					t.Errorf("error %v: want RetryAfterError of %v", err, row.after)
				}
				if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "pass") {
					t.Errorf("the error shows a secret: %v", err)
				}
			})
		})
	}
}

func TestHTTPBodies(t *testing.T) {
	for _, row := range []struct {
		name  string
		serve http.HandlerFunc
		want  error
		says  string
	}{
		{"empty", func(w http.ResponseWriter, _ *http.Request) {}, errAny, "empty"},
		{"empty in chunks", func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() }, errAny, "empty"},
		{"announced too large", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "1001") }, fetcher.ErrTooLarge, "MaxSize"},
		{"too large in chunks", func(w http.ResponseWriter, _ *http.Request) {
			for range 11 {
				w.Write(make([]byte, 100))
				w.(http.Flusher).Flush()
			}
		}, fetcher.ErrTooLarge, "MaxSize"},
		{"without an end", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			io.WriteString(conn, "HTTP/1.0 200 OK\r\n\r\nhalf a progr")
			conn.Close()
		}, errAny, "Content-Length"},
		{"nonsense", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			io.WriteString(conn, "SSH-2.0-x\r\n\r\n")
			conn.Close()
		}, errAny, "malformed"},
		{"chunks of size max", func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			w.Write(make([]byte, 1000))
		}, nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			inBubble(t, row.serve, func(t *testing.T, client *http.Client) {
				_, _, err := fetchAll(t, &fetcher.HTTP{URL: "http://releases/app", Client: client, MaxSize: 1000})
				wantSays(t, err, row.says)
				if row.want != nil && row.want != errAny && !errors.Is(err, row.want) {
					t.Errorf("error is %v; want %v", err, row.want)
				}
			})
		})
	}
}

func TestHTTPCheckHeaders(t *testing.T) {
	for _, row := range []struct {
		name   string
		names  []string
		header http.Header
		change func(http.Header)
		again  bool // offered again
		gets   int  // of two fetches
	}{
		{"only a length, same", nil, nil, func(http.Header) {}, false, 1},
		{"a user's header, same", []string{"X-Version"}, http.Header{"X-Version": {"1"}, "Etag": {`"a"`}}, func(h http.Header) { h.Set("Etag", `"b"`) }, false, 1},
		{"a user's header, other", []string{"X-Version"}, http.Header{"X-Version": {"1"}, "Etag": {`"a"`}}, func(h http.Header) { h.Set("X-Version", "2") }, true, 2},
		{"a user's header, absent", []string{"X-Version"}, nil, func(http.Header) {}, true, 2},
		{"the default by name", []string{"etag"}, http.Header{"Etag": {`"a"`}}, func(h http.Header) {}, false, 2},
		{"ETag, other", nil, http.Header{"Etag": {`"a"`}}, func(h http.Header) { h.Set("Etag", `"b"`) }, true, 2},
		{"ETag, turned weak", nil, http.Header{"Etag": {`"a"`}}, func(h http.Header) { h.Set("Etag", `W/"a"`) }, false, 2},
		{"ETag, vanished", nil, http.Header{"Etag": {`"a"`}}, func(h http.Header) { h.Del("Etag") }, true, 2},
		{"date, other", nil, http.Header{"Last-Modified": {"Sat, 01 Jan 2000 00:00:00 GMT"}}, func(h http.Header) {
			h.Set("Last-Modified", "Sat, 01 Jan 2000 00:00:01 GMT")
		}, true, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			header, gets := row.header.Clone(), 0
			if header == nil {
				header = http.Header{}
			}
			serve := func(w http.ResponseWriter, r *http.Request) {
				for name, values := range header {
					w.Header()[name] = values
				}
				if r.Method == http.MethodGet {
					gets++
				}
				io.WriteString(w, "program")
			}
			inBubble(t, serve, func(t *testing.T, client *http.Client) {
				f := &fetcher.HTTP{URL: "http://releases/app", Client: client, CheckHeaders: row.names}
				wantWhole(t, f, []byte("program"))
				row.change(header)
				if row.again {
					wantWhole(t, f, []byte("program"))
				} else {
					wantNothing(t, f)
				}
				if gets != row.gets {
					t.Errorf("%d GETs; want %d", gets, row.gets)
				}
			})
		})
	}
}

func TestHTTPNoHead(t *testing.T) {
	serve := func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		io.WriteString(w, "program")
	}
	inBubble(t, serve, func(t *testing.T, client *http.Client) {
		f := &fetcher.HTTP{URL: "http://releases/app", Client: client}
		wantWhole(t, f, []byte("program"))
		wantNothing(t, f)
	})
}

func TestHTTPRedirects(t *testing.T) {
	for _, row := range []struct {
		name, says string
		hops       int
		to         string
	}{
		{"ten", "", 10, ""},
		{"eleven", "more than 10 redirects", 11, ""},
		{"for ever", "more than 10 redirects", 1 << 30, ""},
		{"to another scheme", "unsupported protocol scheme", 1, "file:///etc/passwd"},
	} {
		t.Run(row.name, func(t *testing.T) {
			serve := func(w http.ResponseWriter, r *http.Request) {
				n := 0
				fmt.Sscanf(r.URL.Path, "/%d", &n)
				switch {
				case n < row.hops && row.to != "":
					w.Header().Set("Location", row.to)
					w.WriteHeader(http.StatusFound)
				case n < row.hops:
					http.Redirect(w, r, fmt.Sprintf("/%d", n+1), http.StatusFound)
				default:
					io.WriteString(w, "program")
				}
			}
			inBubble(t, serve, func(t *testing.T, client *http.Client) {
				_, _, err := fetchAll(t, &fetcher.HTTP{URL: "http://releases/0", Client: client})
				wantSays(t, err, row.says)
			})
		})
	}
}

// The header, which may be a credential, goes to the host it is meant for; the
// query, which may be one, goes nowhere.
func TestHTTPHeaderStaysHome(t *testing.T) {
	seen := map[string]http.Header{}
	serve := func(w http.ResponseWriter, r *http.Request) {
		seen[r.Host+r.URL.Path] = r.Header.Clone()
		switch r.Host + r.URL.Path {
		case "releases/app":
			http.Redirect(w, r, "/near", http.StatusFound)
		case "releases/near":
			http.Redirect(w, r, "http://elsewhere/far", http.StatusFound)
		case "elsewhere/far":
			http.Redirect(w, r, "http://releases/back", http.StatusFound)
		default:
			io.WriteString(w, "program")
		}
	}
	inBubble(t, serve, func(t *testing.T, client *http.Client) {
		f := &fetcher.HTTP{URL: "http://releases/app?key=secret", Client: client, Header: http.Header{"private-token": {"secret"}}}
		wantWhole(t, f, []byte("program"))
		for at, want := range map[string]string{"releases/app": "secret", "releases/near": "secret", "elsewhere/far": "", "releases/back": ""} {
			if got := seen[at].Get("Private-Token"); got != want {
				t.Errorf("%s saw the token %q; want %q", at, got, want)
			}
			if got := seen[at].Get("Referer"); got != "" {
				t.Errorf("%s saw the referer %q", at, got)
			}
		}
	})
}
