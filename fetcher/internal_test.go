package fetcher

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"testing"
	"time"
)

func TestMatches(t *testing.T) {
	for _, row := range []struct {
		name, goos, goarch string
		want               bool
	}{
		{"app_linux_amd64", "linux", "amd64", true},
		{"app-linux-amd64.gz", "linux", "amd64", true},
		{"App-Linux-AMD64", "linux", "amd64", true},
		{"app_windows_amd64.exe", "windows", "amd64", true},
		{"app_linux_amd64", "linux", "arm64", false},
		{"app_linux_amd64", "darwin", "amd64", false},
		{"app_linux_arm64", "linux", "arm", false},
		{"app_linux_armv7", "linux", "arm", true},
		{"app_linux_mips64le", "linux", "mips64", false},
		{"app_linux_mipsle", "linux", "mips", false},
		{"app_linux_mipsle", "linux", "mipsle", true},
		{"app_linux_amd64.sha256", "linux", "amd64", false},
		{"app_linux_amd64.tar.gz", "linux", "amd64", false},
		{"app_linux_amd64.minisig", "linux", "amd64", false},
	} {
		if got := matches(row.name, row.goos, row.goarch); got != row.want {
			t.Errorf("matches(%q, %s/%s) = %v; want %v", row.name, row.goos, row.goarch, got, row.want)
		}
	}
}

// What the API's answer names is held to the rule for redirects.
func TestMayAsk(t *testing.T) {
	token := wire{header: http.Header{"Authorization": {"x"}}}
	for _, row := range []struct {
		name, api, target string
		wire              wire
		want              bool
	}{
		{"another host", "https://api", "https://cdn/app", wire{}, true},
		{"out of TLS", "https://api", "http://cdn/app", wire{}, false},
		{"never in TLS", "http://api", "http://cdn/app", wire{}, true},
		{"token at home", "https://api", "https://api/app", token, true},
		{"token abroad", "https://api", "https://cdn/app", token, false},
		{"a file", "https://api", "file:///etc/passwd", wire{}, false},
	} {
		if err := row.wire.mayAsk(row.api, row.target); (err == nil) != row.want {
			t.Errorf("%s: mayAsk(%q, %q) = %v; want allowed: %v", row.name, row.api, row.target, err, row.want)
		}
	}
}

// A mount that hangs costs a bounded number of goroutines.
func TestDirHangs(t *testing.T) {
	place := Dir(t.TempDir()).(*dirPlace)
	for range maxHung {
		place.hung <- struct{}{}
	}
	if _, err := place.Open(t.Context(), Want{Name: "stable.json"}); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Open while %d others hang: %v; want os.ErrDeadlineExceeded", maxHung, err)
	}
	<-place.hung
	if _, err := place.Open(t.Context(), Want{Name: "stable.json"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open when one has returned: %v; want fs.ErrNotExist", err)
	}
}

func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"bytes 0-99/100", "bytes 50-99/*", "bytes */100", "bytes 9-1/100", "bytes 0-100/100", "", "bytes -1-5/7", "bytes 0-0/1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := parseContentRange(s)
		if err == nil && (r.start < 0 || r.end < r.start || (r.total != -1 && r.total <= r.end)) {
			t.Errorf("parseContentRange(%q) = %+v", s, r)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"0", "120", "99999999999999999999", "-1", "Sat, 01 Jan 2000 00:10:00 GMT", "soon", ""} {
		f.Add(seed)
	}
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, s string) {
		if d, _ := retryAfter(s, now); d < 0 || d > maxRetryAfter {
			t.Errorf("retryAfter(%q) = %v", s, d)
		}
	})
}

// Close may come while a Read is under way, as when a master stops: the Read
// closes the body when it returns, and only once.
func TestCloseDuringARead(t *testing.T) {
	body := &slowBody{reading: make(chan struct{}), goOn: make(chan struct{})}
	o := &offer{body: body, remember: func() {}}
	read := make(chan error, 1)
	go func() { _, err := o.Read(make([]byte, 1)); read <- err }()
	<-body.reading
	if err := o.Close(); err != nil || body.closed != 0 {
		t.Errorf("Close during a Read: %v, closed %d times, want not yet", err, body.closed)
	}
	close(body.goOn)
	if err := <-read; err != nil || body.closed != 1 {
		t.Errorf("the Read ended with %v, closed %d times, want once", err, body.closed)
	}
	if _, err := o.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a Read after Close: %v, want os.ErrClosed", err)
	}
	if o.Close(); body.closed != 1 {
		t.Errorf("closed %d times, want once", body.closed)
	}
}

type slowBody struct {
	reading, goOn chan struct{}
	closed        int
}

func (b *slowBody) Read(p []byte) (int, error) {
	close(b.reading)
	<-b.goOn
	return len(p), nil
}

func (b *slowBody) Close() error { b.closed++; return nil }
