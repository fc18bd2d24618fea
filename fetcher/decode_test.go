package fetcher_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"math/bits"
	"net/http"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

func gzipped(b []byte) []byte {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(b)
	z.Close()
	return packed.Bytes()
}

func zstded(b []byte) []byte {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err)
	}
	defer z.Close()
	return z.EncodeAll(b, nil)
}

func TestPacked(t *testing.T) {
	program := noise(200_000)
	bomb := make([]byte, 2<<20)
	for _, row := range []struct {
		name, path, encoding string
		body                 []byte
		asked                string // Accept-Encoding
		want                 error
		says                 string
	}{
		{"plain", "/app", "", program, "zstd, gzip", nil, ""},
		{"identity", "/app", "identity", program, "zstd, gzip", nil, ""},
		{"gzip by encoding", "/app", "gzip", gzipped(program), "zstd, gzip", nil, ""},
		{"gzip by an old name", "/app", "x-gzip", gzipped(program), "zstd, gzip", nil, ""},
		{"zstd by encoding", "/app", "zstd", zstded(program), "zstd, gzip", nil, ""},
		{"gzip by name", "/app.gz", "", gzipped(program), "identity", nil, ""},
		{"gzip by name before a query", "/app.gz?key=1", "", gzipped(program), "identity", nil, ""},
		{"gzip by name in a query", "/get?file=app.gz", "", gzipped(program), "identity", nil, ""},
		{"zstd by name", "/app.zst", "", zstded(program), "identity", nil, ""},
		{"one packing said twice", "/app.gz", "gzip", gzipped(program), "identity", nil, ""},
		{"two packings", "/app.gz", "gzip", gzipped(gzipped(program)), "identity", nil, ""},
		{"two different packings", "/app.gz", "zstd", zstded(gzipped(program)), "identity", nil, ""},
		{"named, but not packed", "/app.gz", "", program, "identity", errAny, "unpack gzip"},
		{"said, but not packed", "/app", "zstd", program, "zstd, gzip", errAny, ""},
		{"unknown encoding", "/app", "br", program, "zstd, gzip", errAny, "not asked for"},
		{"gzip, cut before it was stored", "/app.gz", "", gzipped(program)[:1000], "identity", errAny, "EOF"},
		{"zstd, cut before it was stored", "/app.zst", "", zstded(program)[:1000], "identity", errAny, "EOF"},
		{"gzip, bytes behind", "/app.gz", "", append(gzipped(program), "junk junk junk"...), "identity", errAny, "gzip"},
		{"gzip bomb", "/app", "gzip", gzipped(bomb), "zstd, gzip", fetcher.ErrTooLarge, ""},
		{"zstd bomb", "/app.zst", "", zstded(bomb), "identity", fetcher.ErrTooLarge, ""},
		{"packed nothing", "/app.gz", "", gzipped(nil), "identity", errAny, "empty"},
	} {
		t.Run(row.name, func(t *testing.T) {
			serve := func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Accept-Encoding"); got != row.asked {
					t.Errorf("Accept-Encoding is %q; want %q", got, row.asked)
				}
				if row.encoding != "" {
					w.Header().Set("Content-Encoding", row.encoding)
				}
				w.Write(row.body)
			}
			inBubble(t, serve, func(t *testing.T, client *http.Client) {
				f := &fetcher.HTTP{URL: "http://releases" + row.path, Client: client, MaxSize: 1 << 20}
				got, _, err := fetchAll(t, f)
				switch {
				case row.want == nil && (err != nil || !bytes.Equal(got, program)):
					t.Fatalf("read %d bytes and %v; want the program", len(got), err)
				case row.want != nil && err == nil, row.want != nil && row.want != errAny && !errors.Is(err, row.want):
					t.Fatalf("error is %v; want %v", err, row.want)
				case row.want != nil && row.says != "":
					wantSays(t, err, row.says)
				}
			})
		})
	}
}

// What is resumed is the packed body: the decoder does not notice.
func TestPackedResume(t *testing.T) {
	program := noise(500_000)
	for name, packed := range map[string][]byte{".gz": gzipped(program), ".zst": zstded(program)} {
		t.Run(name, func(t *testing.T) {
			serve := func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("ETag", `"v1"`)
				if r.Header.Get("Range") != "" {
					http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(packed))
					return
				}
				w.Header().Set("Content-Length", fmt.Sprint(len(packed)))
				w.Write(packed[:len(packed)/3])
				panic(http.ErrAbortHandler)
			}
			inBubble(t, serve, func(t *testing.T, client *http.Client) {
				wantWhole(t, &fetcher.HTTP{URL: "http://releases/app" + name, Client: client}, program)
			})
		})
	}
}

// A stream may not ask for any amount of memory. What a manifest names may ask
// for less than what a server offers by itself.
func TestZstdWindow(t *testing.T) {
	program := noise(200_000)
	// packed states a window, as RFC 8878, 3.1.1.1.2, has it, that it does not use.
	packed := func(window int) []byte {
		var b bytes.Buffer
		z, err := zstd.NewWriter(&b, zstd.WithWindowSize(1<<20), zstd.WithEncoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		z.Write(program[:1000])
		z.Flush()
		z.Write(program[1000:])
		z.Close()
		b.Bytes()[5] = byte(bits.Len(uint(window))-1-10) << 3
		return b.Bytes()
	}
	for _, row := range []struct {
		window       int
		http, signed bool
	}{{8 << 20, true, true}, {32 << 20, true, true}, {64 << 20, true, false}, {256 << 20, false, false}} {
		body := packed(row.window)
		s := newShelf()
		a := s.artifact(program, release.Zstd)
		s.set(a.URLs[0], body)
		a.PackedSize, a.PackedDigest = int64(len(body)), sum(body)
		s.publish(a)
		inBubble(t, s.ServeHTTP, func(t *testing.T, client *http.Client) {
			for _, f := range []struct {
				source fetcher.Interface
				good   bool
			}{
				{&fetcher.HTTP{URL: "http://releases/" + a.URLs[0], Client: client}, row.http},
				{&fetcher.Manifest{URL: "http://releases/stable.json", Client: client}, row.signed},
			} {
				got, err := readAll(t, offered(t, f.source))
				if f.good && (err != nil || !bytes.Equal(got, program)) {
					t.Errorf("%T, a window of %d MiB: read %d bytes and %v; want the program", f.source, row.window>>20, len(got), err)
				}
				if !f.good {
					wantSays(t, err, "pack it with a lower level")
				}
			}
		})
	}
}
