package serve_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/seed-3d078585/overseer/cmd/internal/serve"
)

// A site is a release directory that is served.
type site struct {
	*httptest.Server
	dir string
	log *buffer
}

type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{dir: filepath.Join(t.TempDir(), "releases"), log: &buffer{}}
	secret := filepath.Join(filepath.Dir(s.dir), "secret")
	for name, text := range map[string]string{
		"stable.json": `{"seq": 1}`, "stable.json.minisig": "sig", "programs/a.zst": strings.Repeat("program ", 1<<17), "deltas/a-b.delta": "delta",
		"signatures/a.minisig": "sig", "history/stable/1.json": "{}", ".overseer/settings.json": "hidden", ".draft/stable/draft.json": "hidden", "programs/.hidden": "hidden",
		"../secret": "secret",
	} {
		path := filepath.Join(s.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(secret, filepath.Join(s.dir, "link.json")); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(s.log, nil))
	h, err := serve.New(s.dir, log)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewUnstartedServer(nil)
	s.Config = serve.Server(h, log)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// ask sends a request as it is written.
func (s *site) ask(t *testing.T, method, target string, header ...string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", method, target)
	for _, line := range header {
		fmt.Fprintf(conn, "%s\r\n", line)
	}
	fmt.Fprint(conn, "\r\n")
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(newReader(answer), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%v\n%.200s", err, answer)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r, string(body)
}

func TestWhatIsServed(t *testing.T) {
	s := newSite(t)
	const forever, never = "public, max-age=31536000, immutable", "no-cache"
	for _, row := range []struct {
		method, target string
		status         int
		caching        string
	}{
		{"GET", "/stable.json", 200, never},
		{"HEAD", "/stable.json", 200, never},
		{"GET", "/stable.json.minisig", 200, never},
		{"GET", "/signatures/a.minisig", 200, never},
		{"GET", "/programs/a.zst", 200, forever},
		{"GET", "/deltas/a-b.delta", 200, forever},
		{"GET", "/history/stable/1.json", 200, forever},
		{"GET", "/stable.json?x=1", 200, never},
		{"GET", "/", 404, ""},
		{"GET", "/programs", 404, ""},
		{"GET", "/programs/", 404, ""},
		{"GET", "/none.json", 404, ""},
		{"GET", "/.overseer/settings.json", 404, ""},
		{"GET", "/%2eoverseer/settings.json", 404, ""},
		{"GET", "/.draft/stable/draft.json", 404, ""},
		{"GET", "/programs/.hidden", 404, ""},
		{"GET", "/../secret", 404, ""},
		{"GET", "/programs/../../secret", 404, ""},
		{"GET", "/%2e%2e/secret", 404, ""},
		{"GET", "//stable.json", 404, ""},
		{"GET", "/link.json", 404, ""},
		{"GET", "/stable.json/", 404, ""},
		{"GET", "/stable.json%00", 404, ""},
		{"POST", "/stable.json", 405, ""},
		{"PUT", "/stable.json", 405, ""},
		{"DELETE", "/stable.json", 405, ""},
	} {
		r, body := s.ask(t, row.method, row.target)
		if r.StatusCode != row.status || r.Header.Get("Cache-Control") != row.caching || strings.Contains(body, "hidden") || strings.Contains(body, "secret") {
			t.Errorf("%s %s: %d, %q, %.40q; want %d, %q", row.method, row.target, r.StatusCode, r.Header.Get("Cache-Control"), body, row.status, row.caching)
		}
		if row.status == 405 && r.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: Allow is %q", row.method, row.target, r.Header.Get("Allow"))
		}
	}
	if r, _ := s.ask(t, "GET", "/stable.json", "Content-Length: 5"); r.StatusCode != 400 {
		t.Errorf("a request with a body: %d", r.StatusCode)
	}
}

// The ETag is that of the content: the same in another copy, another when the
// file changes, also to one of the same length.
func TestETag(t *testing.T) {
	s, other := newSite(t), newSite(t)
	first, _ := s.ask(t, "GET", "/stable.json")
	etag := first.Header.Get("ETag")
	if same, _ := other.ask(t, "GET", "/stable.json"); same.Header.Get("ETag") != etag || len(etag) != 66 {
		t.Errorf("the ETag is %s, and %s in a copy", etag, same.Header.Get("ETag"))
	}
	if r, body := s.ask(t, "GET", "/stable.json", "If-None-Match: "+etag); r.StatusCode != 304 || body != "" {
		t.Errorf("not modified: %d %q", r.StatusCode, body)
	}
	fresh := filepath.Join(s.dir, ".new")
	if err := os.WriteFile(fresh, []byte(`{"seq": 2}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(fresh, filepath.Join(s.dir, "stable.json")); err != nil {
		t.Fatal(err)
	}
	r, body := s.ask(t, "GET", "/stable.json", "If-None-Match: "+etag)
	if r.StatusCode != 200 || body != `{"seq": 2}` || r.Header.Get("ETag") == etag {
		t.Errorf("modified: %d %q %s", r.StatusCode, body, r.Header.Get("ETag"))
	}
}

func TestRange(t *testing.T) {
	s := newSite(t)
	whole, all := s.ask(t, "GET", "/programs/a.zst")
	etag := whole.Header.Get("ETag")
	for _, row := range []struct {
		header []string
		status int
		want   string
	}{
		{[]string{"Range: bytes=8-15"}, 206, all[8:16]},
		{[]string{"Range: bytes=1048570-"}, 206, all[1048570:]},
		{[]string{"Range: bytes=0-7", "If-Range: " + etag}, 206, all[:8]},
		{[]string{"Range: bytes=0-7", `If-Range: "other"`}, 200, all},
		{[]string{"Range: bytes=0-7", `If-Match: "other"`}, 412, ""},
		{[]string{"Range: bytes=9999999-"}, 416, "invalid range: failed to overlap\n"},
	} {
		r, body := s.ask(t, "GET", "/programs/a.zst", row.header...)
		if r.StatusCode != row.status || body != row.want {
			t.Errorf("%q: %d with %d bytes; want %d with %d", row.header, r.StatusCode, len(body), row.status, len(row.want))
		}
	}
}

func TestLog(t *testing.T) {
	s := newSite(t)
	s.ask(t, "GET", "/stable.json")
	s.ask(t, "GET", "/none")
	s.Close() // all answers are given and logged
	var lines []map[string]any
	for line := range strings.Lines(s.log.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, m)
	}
	if len(lines) != 2 || lines[0]["path"] != "/stable.json" || lines[0]["status"] != 200.0 || lines[0]["bytes"] != 10.0 || lines[1]["status"] != 404.0 {
		t.Errorf("the log is %v", lines)
	}
}
