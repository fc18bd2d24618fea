package admin_test

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/admin"
)

// Each file of the page is served, without a token, with its type, and once only.
func TestPage(t *testing.T) {
	url := newService(admin.Bounds{}).onTCP(t)
	kinds := map[string]string{".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
	files := 0
	err := fs.WalkDir(os.DirFS("."), "page", func(name string, entry fs.DirEntry, err error) error {
		kind, ok := kinds[path.Ext(name)]
		if err != nil || !ok {
			return err
		}
		files++
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		resp, body := call{"GET", url + "/" + name, nil, ""}.do(t, "")
		etag := resp.Header.Get("ETag")
		if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != kind || body != string(data) || etag == "" {
			t.Errorf("%s: got %d, type %q, ETag %q, %d bytes", name, resp.StatusCode, resp.Header.Get("Content-Type"), etag, len(body))
		}
		if got := resp.Header.Get("Cache-Control"); got != "no-cache" {
			t.Errorf("%s: Cache-Control is %q", name, got)
		}
		checkHeaders(t, resp.Header)
		if resp, body := (call{"GET", url + "/" + name, map[string]string{"If-None-Match": etag}, ""}).do(t, ""); resp.StatusCode != 304 || body != "" {
			t.Errorf("%s again: got %d and %d bytes, want 304", name, resp.StatusCode, len(body))
		}
		if resp, body := (call{"HEAD", url + "/" + name, nil, ""}).do(t, ""); resp.StatusCode != 200 || body != "" || resp.ContentLength != int64(len(data)) {
			t.Errorf("HEAD of %s: got %d, length %d", name, resp.StatusCode, resp.ContentLength)
		}
		return nil
	})
	if err != nil || files == 0 {
		t.Fatalf("%d files, error %v", files, err)
	}
	resp, body := call{"GET", url + "/", map[string]string{"Sec-Fetch-Site": "cross-site"}, ""}.do(t, "")
	if resp.StatusCode != 200 || !strings.HasPrefix(strings.ToLower(body), "<!doctype html>") {
		t.Errorf("/: got %d %.40q", resp.StatusCode, body)
	}
	for _, name := range []string{"/page", "/page/", "/page/../go.mod", "/page/%2e%2e/server.go", "/page/page/index.html"} {
		if resp, body := (call{"GET", url + name, map[string]string{"Authorization": bearer}, ""}).do(t, ""); resp.StatusCode == 200 {
			t.Errorf("%s: got %d %.40q", name, resp.StatusCode, body)
		}
	}
}
