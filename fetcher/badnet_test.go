package fetcher_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

// A fault is a way in which a network, a proxy or a server spoils an answer.
type fault struct {
	name  string
	lies  bool // the answer is in good order and its bytes are wrong: only a digest tells
	serve func(w http.ResponseWriter, r *http.Request, data []byte)
}

// from is where the request wants to begin.
func from(r *http.Request, data []byte) int {
	at := 0
	fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &at)
	return min(at, len(data))
}

// begin answers as it should, up to the body, of which it returns what is to
// come.
func begin(w http.ResponseWriter, r *http.Request, data []byte) []byte {
	at := from(r, data)
	w.Header().Set("Content-Length", fmt.Sprint(len(data)-at))
	if at > 0 {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", at, len(data)-1, len(data)))
		w.WriteHeader(http.StatusPartialContent)
	}
	return data[at:]
}

// part sends a third of what is to come.
func third(w http.ResponseWriter, rest []byte) {
	w.Write(rest[:(len(rest)+2)/3])
	w.(http.Flusher).Flush()
}

// raw answers by hand.
func raw(w http.ResponseWriter, head string, body []byte) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "HTTP/1.1 %s\r\nEtag: \"v1\"\r\nConnection: close\r\n\r\n", strings.ReplaceAll(head, "\n", "\r\n"))
	conn.Write(body)
}

func flip(data []byte) []byte {
	data = bytes.Clone(data)
	if len(data) > 0 {
		data[len(data)/2] ^= 1
	}
	return data
}

var faults = []fault{
	{"cuts", false, func(w http.ResponseWriter, r *http.Request, data []byte) {
		third(w, begin(w, r, data))
		panic(http.ErrAbortHandler)
	}},
	{"cuts before the first byte", false, func(w http.ResponseWriter, r *http.Request, data []byte) {
		begin(w, r, data)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}},
	{"closes without an answer", false, func(http.ResponseWriter, *http.Request, []byte) { panic(http.ErrAbortHandler) }},
	{"stalls", false, func(w http.ResponseWriter, r *http.Request, data []byte) {
		third(w, begin(w, r, data))
		<-r.Context().Done()
	}},
	{"trickles", false, func(w http.ResponseWriter, r *http.Request, data []byte) {
		for _, b := range begin(w, r, data) {
			w.Write([]byte{b})
			w.(http.Flusher).Flush()
			select {
			case <-time.After(20 * time.Second):
			case <-r.Context().Done():
				return
			}
		}
	}},
	{"answers 500", false, func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(500) }},
	{"answers 429 for seconds", false, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Retry-After", "20")
		w.WriteHeader(http.StatusTooManyRequests)
	}},
	{"answers 503 until a date", false, func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Retry-After", time.Now().Add(20*time.Second).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusServiceUnavailable)
	}},
	{"answers 200 to a range and cuts", false, func(w http.ResponseWriter, r *http.Request, data []byte) {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		third(w, data)
		panic(http.ErrAbortHandler)
	}},
	{"redirects for ever", false, func(w http.ResponseWriter, r *http.Request, _ []byte) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	}},
	{"states too great a length", false, func(w http.ResponseWriter, r *http.Request, data []byte) {
		rest := begin(w, r, data)
		w.Header().Set("Content-Length", fmt.Sprint(len(rest)+1000))
		if from(r, data) > 0 {
			panic(http.ErrAbortHandler) // the header is out already
		}
		w.Write(rest)
		panic(http.ErrAbortHandler)
	}},
	{"sends another range", false, func(w http.ResponseWriter, r *http.Request, data []byte) {
		if from(r, data) == 0 {
			third(w, begin(w, r, data))
			panic(http.ErrAbortHandler)
		}
		raw(w, fmt.Sprintf("206 Partial Content\nContent-Range: bytes 0-%d/%d\nContent-Length: %d", len(data)-1, len(data), len(data)), data)
	}},
	{"sends several ranges", false, func(w http.ResponseWriter, r *http.Request, data []byte) {
		if from(r, data) == 0 {
			third(w, begin(w, r, data))
			panic(http.ErrAbortHandler)
		}
		raw(w, "206 Partial Content\nContent-Type: multipart/byteranges; boundary=x\nContent-Length: 9", []byte("--x\r\n\r\nxx"))
	}},
	{"changes the file between two ranges", false, func(w http.ResponseWriter, r *http.Request, data []byte) {
		if from(r, data) == 0 {
			third(w, begin(w, r, data))
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Etag", `"v2"`)
		w.Write(begin(w, r, flip(data)))
	}},
	{"states too small a length", true, func(w http.ResponseWriter, r *http.Request, data []byte) {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)-1000))
		w.Write(data[:len(data)-1000])
	}},
	{"corrupts", true, func(w http.ResponseWriter, r *http.Request, data []byte) { w.Write(begin(w, r, flip(data))) }},
	{"swaps a range", true, func(w http.ResponseWriter, r *http.Request, data []byte) {
		at := from(r, data)
		if at == 0 {
			third(w, begin(w, r, data))
			panic(http.ErrAbortHandler)
		}
		begin(w, r, data)
		w.Write(data[:len(data)-at])
	}},
	{"sends another file", true, func(w http.ResponseWriter, r *http.Request, data []byte) {
		w.Write(begin(w, r, make([]byte, len(data))))
	}},
	{"sends a page of a captive portal", true, func(w http.ResponseWriter, r *http.Request, data []byte) {
		w.Header().Del("Etag")
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<html>log in</html>")
	}},
}

// githubOf answers as GitHub's API does of the files on a shelf.
func githubOf(s *shelf) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/repos/") {
			s.ServeHTTP(w, r)
			return
		}
		s.mu.Lock()
		var assets []map[string]any
		for name, data := range s.files {
			digest := sum(data)
			a := assetOf(assetID(data), path.Base(name), "http://github/"+name)
			a["size"], a["digest"] = len(data), "sha256:"+hex.EncodeToString(digest[:])
			assets = append(assets, a)
		}
		s.mu.Unlock()
		api(w, assets...)
	}
}

// assetID changes with the bytes, as that of an asset that is replaced does.
func assetID(data []byte) int {
	digest := sum(data)
	return int(digest[0])<<16 + int(digest[1])<<8 + int(digest[2])
}

// Whatever a network does to an answer: bytes that end with io.EOF are right,
// or a claim of the candidate says that they are not; and once it has cleared
// up, the release comes.
func TestBadNetwork(t *testing.T) {
	program := noise(200_000)
	for _, source := range []struct {
		name   string
		blind  bool // nothing but the server tells what is right
		source func(client *http.Client, a release.Artifact) fetcher.Interface
	}{
		{"HTTP", true, func(client *http.Client, a release.Artifact) fetcher.Interface {
			return &fetcher.HTTP{URL: "http://releases/" + a.URLs[0], Client: client}
		}},
		{"Github", false, func(client *http.Client, a release.Artifact) fetcher.Interface {
			return &fetcher.Github{
				User: "u", Repo: "r", API: "http://api", Client: client,
				Asset: func(name string) bool { return name == path.Base(a.URLs[0]) },
			}
		}},
		{"Manifest", false, func(client *http.Client, _ release.Artifact) fetcher.Interface {
			return &fetcher.Manifest{URL: "http://releases/stable.json", Client: client}
		}},
		{"Github by manifest", false, func(client *http.Client, _ release.Artifact) fetcher.Interface {
			return &fetcher.Github{User: "u", Repo: "r", API: "http://api", Manifest: "stable.json", Client: client}
		}},
	} {
		for _, fault := range faults {
			if source.blind && fault.lies {
				continue
			}
			t.Run(source.name+" "+fault.name, func(t *testing.T) {
				s := newShelf()
				a := s.artifact(program, release.NotPacked)
				s.publish(a)
				bad := 7
				s.deny = spoil(fault, "/programs/", program, &bad)
				inBubble(t, githubOf(s), func(t *testing.T, client *http.Client) {
					f := source.source(client, a)
					for n := 1; ; n++ {
						if n > 20 {
							t.Fatalf("the release did not come in %d fetches; %d bad answers left", n, bad)
						}
						r, err := f.Fetch()
						if err != nil {
							continue
						}
						if r == nil {
							t.Fatal("nothing was offered, and nothing was taken")
						}
						claim := fetcher.Describe(r)
						got, err := readAll(t, r)
						if err != nil {
							r.(fetcher.Receipt).Taken() // a mistake that must not count
							continue
						}
						if bytes.Equal(got, program) {
							break
						}
						if claim.Statement != nil || claim.Digest.IsZero() || claim.Digest == sum(got) {
							t.Fatalf("%d wrong bytes ended with io.EOF", len(got))
						}
					}
				})
			})
		}
	}
}

// spoil makes the next answers for some paths bad ones.
func spoil(f fault, prefix string, data []byte, left *int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasPrefix(r.URL.Path, prefix) || *left == 0 {
			return false
		}
		*left--
		w.Header().Set("Etag", `"v1"`)
		f.serve(w, r, data)
		return true
	}
}

// With a second mirror the release comes in spite of the first one, which never
// gets well: in the same Read, or at once in the next fetch.
func TestBadMirror(t *testing.T) {
	program := noise(200_000)
	for _, packing := range []release.Packing{release.NotPacked, release.TarGzip, release.Zip} {
		for _, fault := range faults {
			t.Run(strings.TrimSpace(string(packing)+" "+fault.name), func(t *testing.T) {
				s := newShelf()
				a := s.artifact(program, packing)
				data := s.files[a.URLs[0]]
				a.URLs = []string{"http://bad/app", a.URLs[0]}
				s.publish(a)
				for_ever := -1
				s.deny = spoil(fault, "/app", data, &for_ever)
				onShelf(t, s, func(t *testing.T, f *fetcher.Manifest) {
					begin := time.Now()
					got, err := readAll(t, offered(t, f))
					if errors.Is(err, fetcher.ErrAgain) {
						got, err = readAll(t, offered(t, f))
					}
					if err != nil || !bytes.Equal(got, program) {
						t.Fatalf("read %d bytes and %v; want the program", len(got), err)
					}
					if took := time.Since(begin); took > 3*time.Minute {
						t.Errorf("took %v", took)
					}
				})
			})
		}
	}
}
