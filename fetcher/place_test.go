package fetcher_test

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-3d078585/overseer/fetcher"
)

// What a web server answers, and what a place makes of it.
func TestWebAnswers(t *testing.T) {
	const old = "Sat, 01 Jan 2000 00:00:00 GMT"
	for _, row := range []struct {
		name   string
		want   fetcher.Want
		sent   http.Header // of the request, as far as it matters
		code   int
		header http.Header
		is     error
		found  fetcher.Found
		says   string
	}{
		{name: "ETag", code: 200, header: http.Header{"Etag": {`"v1"`}}, found: fetcher.Found{Size: 4, Version: `etag "v1"`}},
		{name: "weak ETag", code: 200, header: http.Header{"Etag": {`W/"v1"`}}, found: fetcher.Found{Size: 4, Version: `etag W/"v1"`}},
		{
			name: "an older date", code: 200, header: http.Header{"Last-Modified": {old}, "Date": {"Sat, 01 Jan 2000 00:00:02 GMT"}},
			found: fetcher.Found{Size: 4, Version: "date " + old},
		},
		{name: "a fresh date", code: 200, header: http.Header{"Last-Modified": {old}, "Date": {old}}, found: fetcher.Found{Size: 4}},
		{name: "no validator", code: 200, found: fetcher.Found{Size: 4}},
		{
			name: "unless an ETag", want: fetcher.Want{Unless: `etag "v1"`}, sent: http.Header{"If-None-Match": {`"v1"`}},
			code: 304, is: fetcher.ErrNotModified,
		},
		{
			name: "unless a date", want: fetcher.Want{Unless: "date " + old}, sent: http.Header{"If-Modified-Since": {old}},
			code: 304, is: fetcher.ErrNotModified,
		},
		{
			name: "a server that is deaf to conditions", want: fetcher.Want{Unless: `etag "v1"`},
			code: 200, header: http.Header{"Etag": {`"v1"`}}, is: fetcher.ErrNotModified,
		},
		{
			name: "a range", want: fetcher.Want{Offset: 2, Version: `etag "v1"`},
			sent: http.Header{"Range": {"bytes=2-"}, "If-Range": {`"v1"`}},
			code: 206, header: http.Header{"Etag": {`"v1"`}, "Content-Range": {"bytes 2-5/6"}},
			found: fetcher.Found{Offset: 2, Size: 6, Version: `etag "v1"`},
		},
		{
			name: "a range by date", want: fetcher.Want{Offset: 2, Version: "date " + old},
			sent: http.Header{"Range": {"bytes=2-"}, "If-Range": {old}},
			code: 206, header: http.Header{"Content-Range": {"bytes 2-5/*"}}, found: fetcher.Found{Offset: 2, Size: -1},
		},
		{
			name: "a weak ETag proves no range by itself", want: fetcher.Want{Offset: 2, Version: `etag W/"v1"`},
			sent: http.Header{"Range": {"bytes=2-"}, "If-Range": nil},
			code: 206, header: http.Header{"Etag": {`W/"v2"`}, "Content-Range": {"bytes 2-5/6"}}, is: fetcher.ErrChanged,
		},
		{
			name: "the whole for a range", want: fetcher.Want{Offset: 2, Version: `etag "v1"`},
			code: 200, header: http.Header{"Etag": {`"v1"`}}, found: fetcher.Found{Size: 4, Version: `etag "v1"`},
		},
		{
			name: "the whole of another for a range", want: fetcher.Want{Offset: 2, Version: `etag "v1"`},
			code: 200, header: http.Header{"Etag": {`"v2"`}}, is: fetcher.ErrChanged,
		},
		{name: "shorter now", want: fetcher.Want{Offset: 9}, code: 416, is: fetcher.ErrChanged},
		{name: "condition failed", want: fetcher.Want{Offset: 2}, code: 412, is: fetcher.ErrChanged},
		{name: "416, unasked", code: 416, says: "416"},
		{name: "another range", want: fetcher.Want{Offset: 2}, code: 206, header: http.Header{"Content-Range": {"bytes 0-3/4"}}, is: fetcher.ErrChanged},
		{name: "no range in it", want: fetcher.Want{Offset: 2}, code: 206, is: fetcher.ErrChanged},
		{name: "not there", code: 404, is: fs.ErrNotExist, says: "404"},
		{name: "gone", code: 410, is: fs.ErrNotExist, says: "410"},
		{name: "forbidden", code: 403, says: "credentials"},
		{name: "teapot", code: 418, says: "418"},
	} {
		t.Run(row.name, func(t *testing.T) {
			serve := func(w http.ResponseWriter, r *http.Request) {
				for name, values := range row.sent {
					if got := r.Header.Get(name); len(values) == 0 && got != "" || len(values) > 0 && got != values[0] {
						t.Errorf("the request has %s: %q; want %q", name, got, values)
					}
				}
				if got := r.Header.Get("Accept-Encoding"); got != "identity" {
					t.Errorf("Accept-Encoding is %q; want identity", got)
				}
				for name, values := range row.header {
					w.Header()[name] = values
				}
				w.WriteHeader(row.code)
				if row.code != 304 {
					io.WriteString(w, "body")
				}
			}
			inBubble(t, serve, func(t *testing.T, client *http.Client) {
				row.want.Name = "stable.json"
				got, err := fetcher.Web("http://releases", fetcher.WebOptions{Client: client}).Open(t.Context(), row.want)
				if row.is != nil || row.says != "" {
					if row.is != nil && !errors.Is(err, row.is) {
						t.Errorf("error is %v; want %v", err, row.is)
					}
					if row.says != "" {
						wantSays(t, err, row.says)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer got.Body.Close()
				if row.found.Size >= 0 && row.header.Get("Content-Range") == "" && got.Size == -1 {
					got.Size = row.found.Size // the server sends chunks
				}
				if got.Offset != row.found.Offset || got.Size != row.found.Size || got.Version != row.found.Version {
					t.Errorf("found %+v; want %+v", got, row.found)
				}
			})
		})
	}
}

// Names go behind the base as they are, and escapes of the base stay.
func TestWebNames(t *testing.T) {
	for _, row := range []struct{ base, name, want string }{
		{"http://host", "stable.json", "/stable.json"},
		{"http://host/", "a/stable.json", "/a/stable.json"},
		{"http://host/app", "stable.json", "/app/stable.json"},
		{"http://host/app/?token=x%2By", "stable.json", "/app/stable.json?token=x%2By"},
		{"http://host/projects/group%2Fapp/packages", "stable.json", "/projects/group%2Fapp/packages/stable.json"},
		{"http://host/app", "a b+c?d#e%f", "/app/a%20b+c%3Fd%23e%25f"},
	} {
		var got string
		client := inProcess(func(_ http.ResponseWriter, r *http.Request) { got = r.URL.RequestURI() })
		found, err := fetcher.Web(row.base, fetcher.WebOptions{Client: client}).Open(t.Context(), fetcher.Want{Name: row.name})
		if err != nil {
			t.Fatal(err)
		}
		found.Body.Close()
		if got != row.want {
			t.Errorf("%q in %q is asked for as %q; want %q", row.name, row.base, got, row.want)
		}
	}
}

func TestDirIsFenced(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	write(t, filepath.Join(outside, "secret"), "secret")
	write(t, filepath.Join(dir, "app"), "program")
	for link, to := range map[string]string{
		"absolute": filepath.Join(outside, "secret"), "upward": filepath.Join("..", filepath.Base(outside), "secret"), "folder": outside, "inside": "app",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	place := fetcher.Dir(dir)
	for _, name := range []string{"absolute", "upward", "folder/secret", "folder", "."} {
		if found, err := place.Open(t.Context(), fetcher.Want{Name: name}); err == nil {
			found.Body.Close()
			t.Errorf("%q was opened", name)
		}
	}
	found, err := place.Open(t.Context(), fetcher.Want{Name: "inside"})
	if err != nil {
		t.Fatalf("a link that stays inside: %v", err)
	}
	found.Body.Close()
}

// A directory that is a link is looked up at each Open.
func TestDirFlipped(t *testing.T) {
	at := t.TempDir()
	for _, version := range []string{"1", "2"} {
		if err := os.Mkdir(filepath.Join(at, version), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(at, version, "app"), "program "+version)
		if err := os.Symlink(version, filepath.Join(at, "next")); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
		if err := os.Rename(filepath.Join(at, "next"), filepath.Join(at, "current")); err != nil {
			t.Fatal(err)
		}
	}
	found, err := fetcher.Dir(filepath.Join(at, "current")).Open(t.Context(), fetcher.Want{Name: "app"})
	if err != nil {
		t.Fatal(err)
	}
	defer found.Body.Close()
	if got, err := io.ReadAll(found.Body); err != nil || string(got) != "program 2" {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestDirChangesWhileRead(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "app"), "program")
	found, err := fetcher.Dir(dir).Open(t.Context(), fetcher.Want{Name: "app", Offset: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer found.Body.Close()
	write(t, filepath.Join(dir, "app"), "program, and more")
	if got, err := io.ReadAll(found.Body); !errors.Is(err, fetcher.ErrChanged) {
		t.Errorf("read %q and %v; want ErrChanged", got, err)
	}
	if _, err := fetcher.Dir(dir).Open(t.Context(), fetcher.Want{Name: "app", Offset: 100}); !errors.Is(err, fetcher.ErrChanged) {
		t.Errorf("Open behind the end: %v; want ErrChanged", err)
	}
}
