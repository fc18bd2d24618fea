package s3_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/minio/minio-go/v7"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/fetcher/s3"
)

// tree is a release directory.
func tree() fstest.MapFS {
	return fstest.MapFS{
		"stable.json":                 {Data: []byte(`{"seq":1}`)},
		"beta.json":                   {Data: []byte(`{"seq":2}`)},
		"keys.json":                   {Data: []byte(`{"keys":1}`)},
		"stable.json.minisig":         {Data: []byte("signature")},
		"signatures/0123.minisig":     {Data: []byte("signature")},
		"programs/abcd.zst":           {Data: noise(1, 300_000)},
		"deltas/abcd-ef01.delta":      {Data: noise(2, 30_000)},
		"history/stable/1.json":       {Data: []byte(`{"seq":1}`)},
		".overseer/settings.json":     {Data: []byte("mine")},
		".draft/programs/next.zst":    {Data: []byte("mine")},
		"programs/.abcd.zst.unmade":   {Data: []byte("mine")},
		"programs/.trash/program.zst": {Data: []byte("mine")},
	}
}

const (
	forEver = "public, max-age=31536000, immutable"
	never   = "no-cache"
)

func TestUpload(t *testing.T) {
	s := plain(t)
	tapped := &tap{RoundTripper: s.Transport}
	p := s.place(t, func(o *s3.Options) { o.Prefix, o.Transport = "app", tapped })
	progress := map[string][2]int64{}
	order := s3.Order{Progress: func(name string, done, total int64) {
		if done < progress[name][0] || done > total {
			t.Errorf("progress of %q: %d of %d after %d", name, done, total, progress[name][0])
		}
		progress[name] = [2]int64{done, total}
	}}
	from := tree()
	sent, err := p.Upload(t.Context(), from, order)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]string{ // content type, cache control
		"stable.json":             {"application/json", never},
		"beta.json":               {"application/json", never},
		"keys.json":               {"application/json", never},
		"stable.json.minisig":     {"text/plain; charset=utf-8", never},
		"signatures/0123.minisig": {"text/plain; charset=utf-8", never},
		"programs/abcd.zst":       {"application/zstd", forEver},
		"deltas/abcd-ef01.delta":  {"application/octet-stream", forEver},
		"history/stable/1.json":   {"application/json", forEver},
	}
	for o := range s.admin.ListObjects(t.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
		name := strings.TrimPrefix(o.Key, "app/")
		if _, ok := want[name]; !ok || o.Err != nil {
			t.Errorf("found %q, %v; it should not be there", o.Key, o.Err)
		}
	}
	var total int64
	for name, headers := range want {
		f, data := read(t, p, fetcher.Want{Name: name})
		if !bytes.Equal(data, from[name].Data) {
			t.Errorf("%q: %d bytes; want %d", name, len(data), len(from[name].Data))
		}
		info, err := s.admin.StatObject(t.Context(), bucket, "app/"+name, minio.StatObjectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{info.ContentType, info.Metadata.Get("Cache-Control")}; got != headers {
			t.Errorf("%q has %q; want %q", name, got, headers)
		}
		if coding := info.ContentEncoding; coding != "" {
			t.Errorf("%q has the Content-Encoding %q", name, coding)
		}
		if progress[name] != [2]int64{f.Size, f.Size} {
			t.Errorf("the progress of %q ended at %v; want %d", name, progress[name], f.Size)
		}
		total += f.Size
	}
	if sent != (s3.Sent{Files: len(want), Bytes: total}) {
		t.Errorf("Upload = %+v; want %d files, %d bytes", sent, len(want), total)
	}
	checkOrder(t, puts(tapped))

	before := len(puts(tapped))
	sent, err = p.Upload(t.Context(), from, s3.Order{})
	if err != nil || sent != (s3.Sent{Kept: len(want)}) || len(puts(tapped)) != before {
		t.Fatalf("Upload again = %+v, %v, with %d files sent; want all %d kept", sent, err, len(puts(tapped))-before, len(want))
	}
	from["stable.json"] = &fstest.MapFile{Data: []byte(`{"seq":3}`)} // of the same length
	sent, err = p.Upload(t.Context(), from, s3.Order{})
	if names := puts(tapped)[before:]; err != nil || !slices.Equal(names, []string{"stable.json"}) || sent.Files != 1 {
		t.Fatalf("Upload of another manifest = %+v, %v, sent %q; want that one", sent, err, names)
	}
}

// puts are the names of the files that were sent, in order.
func puts(t *tap) (names []string) {
	for _, req := range t.requests() {
		if req.Method == http.MethodPut {
			names = append(names, strings.TrimPrefix(req.URL.Path, "/"+bucket+"/app/"))
		}
	}
	return names
}

// checkOrder wants that nothing leads to what is not there yet.
func checkOrder(t *testing.T, names []string) {
	t.Helper()
	last := 0
	for _, name := range names {
		stage := 1
		switch {
		case strings.HasPrefix(name, "signatures/"):
			stage = 2
		case name == "keys.json":
			stage = 3
		case !strings.Contains(name, "/") && path.Ext(name) == ".json":
			stage = 4
		}
		if stage < last {
			t.Fatalf("sent in the order %q; %q came too late", names, name)
		}
		last = stage
	}
}

// A file that goes in parts is known again by its sum, as its ETag is none.
func TestUploadLarge(t *testing.T) {
	s := plain(t)
	p := s.place(t)
	dir := t.TempDir()
	data := noise(1, 17<<20)
	if err := os.WriteFile(filepath.Join(dir, "large.bin"), data, 0o644); err != nil {
		t.Fatal(err)
	}
	calls := 0
	sent, err := p.Upload(t.Context(), os.DirFS(dir), s3.Order{Progress: func(string, int64, int64) { calls++ }})
	if err != nil || sent != (s3.Sent{Files: 1, Bytes: int64(len(data))}) || calls < 10 {
		t.Fatalf("Upload = %+v, %v, with %d calls of Progress; want the file, and progress", sent, err, calls)
	}
	f, got := read(t, p, fetcher.Want{Name: "large.bin"})
	if !bytes.Equal(got, data) || !strings.Contains(f.Version, "-2") {
		t.Fatalf("read %d bytes with the ETag %s; want %d in 2 parts", len(got), f.Version, len(data))
	}
	if sent, err = p.Upload(t.Context(), os.DirFS(dir), s3.Order{}); err != nil || sent != (s3.Sent{Kept: 1}) {
		t.Fatalf("Upload again = %+v, %v; want it kept", sent, err)
	}
}

// Where an upload fails, the manifest still leads to what is there.
func TestUploadFails(t *testing.T) {
	s := plain(t)
	s.put(t, "app/stable.json", []byte(`{"seq":0}`))
	for _, fails := range []string{"programs/abcd.zst", "signatures/0123.minisig", "keys.json"} {
		t.Run(fails, func(t *testing.T) {
			tapped := &tap{RoundTripper: s.Transport, on: func(req *http.Request, res *http.Response) (*http.Response, error) {
				if req.Method == http.MethodPut && strings.HasSuffix(req.URL.Path, fails) {
					res.StatusCode, res.Body = http.StatusForbidden, io.NopCloser(strings.NewReader(`<Error><Code>QuotaExceeded</Code></Error>`))
				}
				return res, nil
			}}
			from := tree()
			from[fails].Data = append([]byte("new "), from[fails].Data...)
			_, err := s.place(t, func(o *s3.Options) { o.Prefix, o.Transport = "app", tapped }).Upload(t.Context(), from, s3.Order{})
			if status, ok := errors.AsType[*fetcher.StatusError](err); !ok || status.Code != http.StatusForbidden || !strings.Contains(err.Error(), fails) {
				t.Fatalf("Upload: %v; want a StatusError 403 that names %q", err, fails)
			}
			if _, got := read(t, s.place(t), fetcher.Want{Name: "app/stable.json"}); string(got) != `{"seq":0}` {
				t.Fatalf("the manifest is %s; want the one before", got)
			}
		})
	}
}

func TestUploadEnds(t *testing.T) {
	s := plain(t)
	ctx, cancel := context.WithCancel(t.Context())
	from := tree()
	var names []string
	_, err := s.place(t).Upload(ctx, from, s3.Order{Progress: func(name string, done, total int64) {
		if done == total && !slices.Contains(names, name) {
			names = append(names, name)
		}
		cancel()
	}})
	if !errors.Is(err, context.Canceled) || len(names) > 4 {
		t.Fatalf("Upload with a context that ends at the first file: %v, %q were sent; want context.Canceled", err, names)
	}
	from["link"] = &fstest.MapFile{Mode: fs.ModeSymlink}
	if _, err := s.place(t).Upload(t.Context(), from, s3.Order{}); err == nil || !strings.Contains(err.Error(), `"link" is not a regular file`) {
		t.Fatalf("Upload of a link: %v; want it refused", err)
	}
}

// While releases are uploaded, a reader always finds a manifest and what it
// leads to.
func TestReaderDuringUploads(t *testing.T) {
	s := plain(t)
	p := s.place(t)
	from := fstest.MapFS{}
	publish := func(n byte) {
		program := noise(n, 50_000)
		sum := fmt.Sprintf("%x", sha256.Sum256(program))
		from["programs/"+sum] = &fstest.MapFile{Data: program}
		from["stable.json"] = &fstest.MapFile{Data: []byte(sum)}
		if _, err := p.Upload(t.Context(), maps.Clone(from), s3.Order{}); err != nil {
			t.Errorf("Upload %d: %v", n, err)
		}
	}
	publish(0)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := byte(1); n <= 10; n++ {
			publish(n)
		}
	}()
	seen := map[string]bool{}
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		_, sum := read(t, p, fetcher.Want{Name: "stable.json"})
		_, program := read(t, p, fetcher.Want{Name: "programs/" + string(sum)})
		if got := fmt.Sprintf("%x", sha256.Sum256(program)); got != string(sum) {
			t.Fatalf("the manifest leads to %s, which is %s", sum, got)
		}
		seen[string(sum)] = true
	}
	if len(seen) < 2 {
		t.Fatalf("the reader saw %d releases; want some", len(seen))
	}
}
