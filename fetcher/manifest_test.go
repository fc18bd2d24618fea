package fetcher_test

import (
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

var (
	_ fetcher.ContextFetcher = (*fetcher.Manifest)(nil)
	_ fetcher.HostFetcher    = (*fetcher.Manifest)(nil)
	_ fetcher.HostFetcher    = (*fetcher.HTTP)(nil)
	_ fetcher.HostFetcher    = (*fetcher.Github)(nil)
)

func TestManifestInit(t *testing.T) {
	dir := t.TempDir()
	for _, row := range []struct {
		name     string
		manifest fetcher.Manifest
		says     string
	}{
		{"web", fetcher.Manifest{URL: "https://host/app/stable.json"}, ""},
		{"web, with a query", fetcher.Manifest{URL: "https://host/stable.json?sig=x%2Fy"}, ""},
		{"file", fetcher.Manifest{URL: "file:///srv/releases/stable.json"}, ""},
		{"file, localhost", fetcher.Manifest{URL: "file://localhost/srv/releases/stable.json"}, ""},
		{"path", fetcher.Manifest{URL: filepath.Join(dir, "stable.json")}, ""},
		{"place", fetcher.Manifest{Place: fetcher.Dir(dir), Name: "app/stable.json"}, ""},
		{"nothing", fetcher.Manifest{}, "either URL, or Place and Name"},
		{"both", fetcher.Manifest{URL: "https://host/x.json", Place: fetcher.Dir(dir), Name: "x.json"}, "either URL, or Place and Name"},
		{"place without name", fetcher.Manifest{Place: fetcher.Dir(dir)}, "either URL, or Place and Name"},
		{"name without place", fetcher.Manifest{URL: "https://host/x.json", Name: "x.json"}, "either URL, or Place and Name"},
		{"name that leads out", fetcher.Manifest{Place: fetcher.Dir(dir), Name: "../x.json"}, "Name is"},
		{"empty dir", fetcher.Manifest{Place: fetcher.Dir(""), Name: "x.json"}, "empty path"},
		{"bad web", fetcher.Manifest{Place: fetcher.Web("host", fetcher.WebOptions{}), Name: "x.json"}, "must be http"},
		{"relative path", fetcher.Manifest{URL: "releases/stable.json"}, "must be http"},
		{"another scheme", fetcher.Manifest{URL: "ftp://host/stable.json"}, "must be http"},
		{"no name", fetcher.Manifest{URL: "https://host/app/"}, "end with the name"},
		{"no path", fetcher.Manifest{URL: "https://host"}, "end with the name"},
		{"dots", fetcher.Manifest{URL: "https://host/app/.."}, "end with the name"},
		{"an escaped slash", fetcher.Manifest{URL: "https://host/a%2Fb"}, "end with the name"},
		{"another host's file", fetcher.Manifest{URL: "file://nas/stable.json"}, "file:///srv"},
		{"a relative file", fetcher.Manifest{URL: "file:stable.json"}, "file:///srv"},
		{"a directory", fetcher.Manifest{URL: dir + string(filepath.Separator)}, "name the manifest in it"},
		{"unreadable", fetcher.Manifest{URL: "http://host/%zz"}, "cannot be read"},
		{"negative interval", fetcher.Manifest{URL: "https://host/x.json", Interval: -1}, "Interval"},
		{"negative stall", fetcher.Manifest{URL: "https://host/x.json", StallTimeout: -1}, "StallTimeout"},
		{"negative size", fetcher.Manifest{URL: "https://host/x.json", MaxSize: -1}, "MaxSize"},
	} {
		t.Run(row.name, func(t *testing.T) { wantSays(t, row.manifest.Init(), row.says) })
	}
}

// onShelf runs a test of a source by manifest at a time that jumps.
func onShelf(t *testing.T, s *shelf, run func(t *testing.T, f *fetcher.Manifest)) {
	inBubble(t, s.ServeHTTP, func(t *testing.T, client *http.Client) {
		f := &fetcher.Manifest{URL: "http://releases/stable.json", Client: client}
		f.SetHost(fetcher.Host{Scratch: t.TempDir()})
		run(t, f)
	})
}

func offered(t *testing.T, f fetcher.Interface) io.Reader {
	t.Helper()
	r, err := f.Fetch()
	if err != nil || r == nil {
		t.Fatalf("Fetch = %v, %v; want an offer", r, err)
	}
	t.Cleanup(func() { r.(io.Closer).Close() })
	return r
}

func TestManifestStatement(t *testing.T) {
	s := newShelf()
	a := s.artifact([]byte("program"), release.Zstd)
	data := s.publish(a)
	byDigest := "signatures/" + sum(data).String() + ".minisig"
	keys := []byte("keys")
	keysByDigest := "signatures/" + sum(keys).String() + ".minisig"
	forbid := func(w http.ResponseWriter, r *http.Request) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, ok := s.files[strings.TrimPrefix(r.URL.Path, "/")]; ok {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		return true
	}
	for _, row := range []struct {
		name  string
		files map[string]string
		deny  func(http.ResponseWriter, *http.Request) bool
		want  release.Statement
	}{
		{"nothing", nil, nil, release.Statement{}},
		{"nothing, and it is forbidden", nil, forbid, release.Statement{}},
		{"by digest", map[string]string{byDigest: "d"}, nil, release.Statement{Signatures: []byte("d")}},
		{"by name", map[string]string{"stable.json.minisig": "n"}, nil, release.Statement{Signatures: []byte("n")}},
		{"by name, forbidden by digest", map[string]string{"stable.json.minisig": "n"}, forbid, release.Statement{Signatures: []byte("n")}},
		{"by both", map[string]string{byDigest: "d", "stable.json.minisig": "n"}, nil, release.Statement{Signatures: []byte("d")}},
		{"keys", map[string]string{byDigest: "d", "keys.json": "keys"}, nil, release.Statement{Signatures: []byte("d"), Keys: keys}},
		{
			"keys by digest", map[string]string{byDigest: "d", "keys.json": "keys", keysByDigest: "k", "keys.json.minisig": "x"}, nil,
			release.Statement{Signatures: []byte("d"), Keys: keys, KeysSignatures: []byte("k")},
		},
		{
			"keys by name", map[string]string{"keys.json": "keys", "keys.json.minisig": "k"}, nil,
			release.Statement{Keys: keys, KeysSignatures: []byte("k")},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, name := range []string{byDigest, "stable.json.minisig", "keys.json", keysByDigest, "keys.json.minisig"} {
				s.set(name, nil)
			}
			for name, text := range row.files {
				s.set(name, []byte(text))
			}
			s.deny = row.deny
			row.want.Manifest = data
			onShelf(t, s, func(t *testing.T, f *fetcher.Manifest) {
				c := fetcher.Describe(offered(t, f))
				got := c.Statement
				if got == nil || string(got.Manifest) != string(data) || string(got.Signatures) != string(row.want.Signatures) ||
					string(got.Keys) != string(row.want.Keys) || string(got.KeysSignatures) != string(row.want.KeysSignatures) {
					t.Errorf("statement is %s; want %s", got, row.want)
				}
				if c.Size != a.Size || c.Digest != a.Digest || c.Source != "http://releases/stable.json" {
					t.Errorf("candidate is %+v; want what the manifest claims", c)
				}
			})
		})
	}
}

// What is asked for, and when, in the life of one channel.
func TestManifestLife(t *testing.T) {
	s := newShelf()
	one := s.artifact([]byte("one"), release.Zstd)
	data := s.publish(one)
	signatures := "signatures/" + sum(data).String() + ".minisig"
	onShelf(t, s, func(t *testing.T, f *fetcher.Manifest) {
		log := func(when string, want ...string) {
			t.Helper()
			if got := s.log(); !slices.Equal(got, want) {
				t.Errorf("%s, these were asked for: %q; want %q", when, got, want)
			}
		}
		r := offered(t, f)
		log("before the first Read", "stable.json", "keys.json", signatures)
		if got, err := readAll(t, r); err != nil || string(got) != "one" {
			t.Fatalf("read %q, %v", got, err)
		}
		log("by Read", one.URLs[0])

		// Not taken: offered again, from memory, with what proves it looked up.
		begin := time.Now()
		offered(t, f)
		if took := time.Since(begin); took != 5*time.Minute {
			t.Errorf("the second offer took %v; want 5m0s", took)
		}
		log("when it was not taken", "stable.json", "keys.json", signatures)
		s.set(signatures, nil)
		s.set("stable.json.minisig", []byte("late"))
		r = offered(t, f)
		if got := fetcher.Describe(r).Statement; string(got.Signatures) != "late" {
			t.Errorf("signatures are %q; want those that came later", got.Signatures)
		}
		log("when signatures came later", "stable.json", "keys.json", signatures, "stable.json.minisig")

		r.(fetcher.Receipt).Taken()
		wantNothing(t, f)
		wantNothing(t, f)
		log("when it was taken", "stable.json", "stable.json")

		// The same program by another statement is offered: it says more.
		s.publish(one)
		offered(t, f).(fetcher.Receipt).Taken()
		s.publish(s.artifact([]byte("two"), release.NotPacked))
		wantWhole(t, f, []byte("two"))
		wantNothing(t, f)
	})
}

// A statement that has nothing to run is offered, for the policy to say why.
func TestManifestUnusable(t *testing.T) {
	for _, row := range []struct {
		name    string
		publish func(s *shelf)
		says    string
		want    error
	}{
		{"no JSON", func(s *shelf) { s.set("stable.json", []byte("<html>")) }, "read manifest", release.ErrFormat},
		{"newer", func(s *shelf) { s.set("stable.json", []byte(`{"format":2}`)) }, "upgrade it by hand", release.ErrCritical},
		{"empty", func(s *shelf) { s.set("stable.json", []byte{}) }, "not well formed", release.ErrFormat},
		{"another platform", func(s *shelf) {
			a := s.artifact([]byte("program"), release.Zstd)
			s.publish(a, func(m *release.Manifest) { m.Artifacts = map[string]release.Artifact{"plan9/sparc": a} })
		}, "no program for " + release.Platform(), nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShelf()
			row.publish(s)
			onShelf(t, s, func(t *testing.T, f *fetcher.Manifest) {
				r := offered(t, f)
				c := fetcher.Describe(r)
				if c.Statement == nil || string(c.Statement.Manifest) != string(s.files["stable.json"]) || c.Size != 0 || !c.Digest.IsZero() {
					t.Errorf("candidate is %+v; want the statement and no claims", c)
				}
				_, err := readAll(t, r)
				wantSays(t, err, row.says)
				if err == nil || row.want != nil && !errors.Is(err, row.want) {
					t.Errorf("Read ended with %v; want %v", err, row.want)
				}
				for _, name := range s.log() {
					if strings.HasPrefix(name, "programs/") {
						t.Errorf("%q was fetched", name)
					}
				}
				// It can be taken, as what a consumer is done with.
				r = offered(t, f)
				r.(fetcher.Receipt).Taken()
				wantNothing(t, f)
			})
		})
	}
}

func TestManifestRefusals(t *testing.T) {
	long := strings.Repeat("x", release.MaxManifest+1)
	for _, row := range []struct {
		name string
		deny func(w http.ResponseWriter, r *http.Request)
		says string
	}{
		{"gone", func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }, "404"},
		{"manifest forbidden", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, "check the credentials"},
		{"not modified, unasked", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }, "304"},
		{"partial, unasked", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-0/2")
			w.WriteHeader(206)
			io.WriteString(w, "x")
		}, "asked for the bytes"},
		{"too long, announced", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, long) }, "more than the 1048576 bytes allowed"},
		{"too long, in chunks", func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			io.WriteString(w, long)
		}, "more than the 1048576 bytes allowed"},
		{"endless", func(w http.ResponseWriter, _ *http.Request) { io.Copy(w, endless{}) }, "more than the 1048576 bytes allowed"},
		{"cut", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, "unexpected EOF"},
		{"stalled", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, "nothing came for 30s"},
		{"a byte now and then", func(w http.ResponseWriter, r *http.Request) {
			for range 1000 {
				io.WriteString(w, "x")
				w.(http.Flusher).Flush()
				select {
				case <-time.After(20 * time.Second):
				case <-r.Context().Done():
					return
				}
			}
		}, "fewer than 256 bytes a second"},
		{"coded", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(gzipped([]byte("{}")))
		}, "Content-Encoding"},
		{"redirected for ever", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/stable.json", http.StatusFound) }, "more than 10 redirects"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShelf()
			s.deny = func(w http.ResponseWriter, r *http.Request) bool { row.deny(w, r); return true }
			onShelf(t, s, func(t *testing.T, f *fetcher.Manifest) {
				begin := time.Now()
				_, err := f.Fetch()
				wantSays(t, err, row.says)
				if took := time.Since(begin); took > 3*time.Minute {
					t.Errorf("took %v", took)
				}
				s.deny = nil
				s.publish(s.artifact([]byte("program"), release.Zstd))
				wantWhole(t, f, []byte("program"))
			})
		})
	}
}

func TestManifestRetryAfter(t *testing.T) {
	for _, value := range []string{"90", "Sat, 01 Jan 2000 00:01:30 GMT"} {
		s := newShelf()
		s.deny = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Retry-After", value)
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}
		onShelf(t, s, func(t *testing.T, f *fetcher.Manifest) {
			_, err := f.Fetch()
			if later, ok := errors.AsType[*fetcher.RetryAfterError](err); !ok || later.After != 90*time.Second {
				t.Errorf("error is %v; want a RetryAfterError of 1m30s", err)
			}
		})
	}
}

// A policy without signatures refuses by itself; an optional file that cannot be
// had for another reason is an error, as it may be there.
func TestManifestOptionalFails(t *testing.T) {
	for _, row := range []struct {
		name   string
		header http.Header
		code   int
		says   string
	}{
		{"a bad gateway", nil, http.StatusBadGateway, "502"},
		{"a limit", http.Header{"Retry-After": {"60"}}, http.StatusForbidden, "left alone for 1m0s"},
		{"a limit of GitHub", http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"946684860"}}, http.StatusForbidden, "left alone for 1m0s"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShelf()
			s.publish(s.artifact([]byte("program"), release.Zstd))
			s.deny = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/keys.json" {
					return false
				}
				for name, values := range row.header {
					w.Header()[name] = values
				}
				w.WriteHeader(row.code)
				return true
			}
			onShelf(t, s, func(t *testing.T, f *fetcher.Manifest) {
				_, err := f.Fetch()
				wantSays(t, err, row.says)
				s.deny = nil
				wantWhole(t, f, []byte("program"))
			})
		})
	}
}

func TestManifestPackings(t *testing.T) {
	program := noise(300_000)
	for _, packing := range []release.Packing{
		release.NotPacked, release.Gzip, release.Zstd, release.XZ,
		release.Tar, release.TarGzip, release.TarZstd, release.TarXZ, release.Zip,
	} {
		t.Run("packed by "+string(packing), func(t *testing.T) {
			s := newShelf()
			good := s.artifact(program, packing)
			s.publish(good)
			onShelf(t, s, func(t *testing.T, f *fetcher.Manifest) { wantWhole(t, f, program) })

			for name, change := range map[string]func(a *release.Artifact){
				"longer than stated":  func(a *release.Artifact) { a.Size -= 1000 },
				"shorter than stated": func(a *release.Artifact) { a.Size += 1000 },
				"another program":     func(a *release.Artifact) { a.Digest[0]++ },
			} {
				bad := good
				change(&bad)
				if packing == release.NotPacked && bad.Size > good.Size {
					continue // the place says its length
				}
				s.publish(bad)
				onShelf(t, s, func(t *testing.T, f *fetcher.Manifest) {
					_, err := readAll(t, offered(t, f))
					if packing != release.NotPacked {
						wantSays(t, err, "it has to be published again")
					}
					if err == nil {
						t.Errorf("%s: the Read ended with io.EOF", name)
					}
				})
			}
		})
	}
}

func TestManifestTooLarge(t *testing.T) {
	for _, packing := range []release.Packing{release.NotPacked, release.TarGzip} {
		s := newShelf()
		s.publish(s.artifact(noise(1000), packing))
		onShelf(t, s, func(t *testing.T, f *fetcher.Manifest) {
			f.MaxSize = 999
			if _, err := readAll(t, offered(t, f)); !errors.Is(err, fetcher.ErrTooLarge) {
				t.Errorf("%q: Read ended with %v; want ErrTooLarge", packing, err)
			}
		})
	}
}

// In a directory below the place, everything is beside the manifest.
func TestManifestInFolder(t *testing.T) {
	s, dir := newShelf(), t.TempDir()
	s.publish(s.artifact([]byte("program"), release.Zstd))
	s.save(t, filepath.Join(dir, "products", "app"))
	synctest.Test(t, func(t *testing.T) {
		for name, f := range map[string]*fetcher.Manifest{
			"by place": {Place: fetcher.Dir(dir), Name: "products/app/stable.json"},
			"by URL":   {URL: "file://" + filepath.ToSlash(filepath.Join(dir, "products", "app", "stable.json"))},
			"by path":  {URL: filepath.Join(dir, "products", "app", "stable.json")},
		} {
			r := offered(t, f)
			if got := fetcher.Describe(r).Statement; len(got.Signatures) == 0 {
				t.Errorf("%s: no signatures", name)
			}
			if got, err := readAll(t, r); err != nil || string(got) != "program" {
				t.Errorf("%s: read %q, %v", name, got, err)
			}
		}
	})
}

// The header is for the host of the manifest, and no other learns of it.
func TestManifestHeaderStaysHome(t *testing.T) {
	s := newShelf()
	a := s.artifact([]byte("program"), release.Zstd)
	relative := a.URLs[0]
	a.URLs = []string{"http://mirror/gone", "http://releases/also-gone", relative}
	s.publish(a)
	saw := map[string]string{}
	serve := func(w http.ResponseWriter, r *http.Request) {
		saw[r.Host+r.URL.Path] = r.Header.Get("Private-Token")
		if r.Host == "releases" && r.URL.Path == "/"+relative {
			http.Redirect(w, r, "http://storage/"+relative, http.StatusFound)
			return
		}
		s.ServeHTTP(w, r)
	}
	inBubble(t, serve, func(t *testing.T, client *http.Client) {
		f := &fetcher.Manifest{URL: "http://releases/stable.json", Client: client, Header: http.Header{"Private-Token": {"secret"}}}
		wantWhole(t, f, []byte("program"))
	})
	for at, want := range map[string]string{
		"releases/stable.json": "secret", "releases/keys.json": "secret", "mirror/gone": "",
		"releases/also-gone": "", "releases/" + relative: "secret", "storage/" + relative: "",
	} {
		if got, asked := saw[at]; !asked || got != want {
			t.Errorf("%s saw the token %q (asked: %v); want %q", at, got, asked, want)
		}
	}
}

// A query may be a token, for each file; it is in no message.
func TestManifestQuery(t *testing.T) {
	s := newShelf()
	s.publish(s.artifact([]byte("program"), release.Zstd))
	s.deny = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.RawQuery == "sig=se%2Fcret" {
			return false
		}
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	inBubble(t, s.ServeHTTP, func(t *testing.T, client *http.Client) {
		wantWhole(t, &fetcher.Manifest{URL: "http://releases/stable.json?sig=se%2Fcret", Client: client}, []byte("program"))
		_, err := (&fetcher.Manifest{URL: "http://releases/stable.json?sig=other", Client: client}).Fetch()
		wantSays(t, err, "401")
		if strings.Contains(err.Error(), "other") {
			t.Errorf("the error shows the query: %v", err)
		}
	})
}

// A server without validators is asked again each time, and no harm comes of it.
func TestManifestWithoutVersions(t *testing.T) {
	s := newShelf()
	s.publish(s.artifact([]byte("program"), release.Zstd))
	serve := func(w http.ResponseWriter, r *http.Request) { s.ServeHTTP(noETag{w}, r) }
	inBubble(t, serve, func(t *testing.T, client *http.Client) {
		f := &fetcher.Manifest{URL: "http://releases/stable.json", Client: client}
		wantWhole(t, f, []byte("program"))
		wantNothing(t, f)
		s.publish(s.artifact([]byte("other"), release.Zstd))
		wantWhole(t, f, []byte("other"))
	})
}

type noETag struct{ http.ResponseWriter }

func (w noETag) WriteHeader(code int) {
	w.Header().Del("ETag")
	w.ResponseWriter.WriteHeader(code)
}
