package cli

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// openProxy has the page command run until the test ends.
func openProxy(t *testing.T, b *bench) (base string, p proxied) {
	t.Helper()
	out := newSyncBuffer()
	ctx, stop := contextOf(t)
	e := b.env
	e.Stdout = out
	code := make(chan int, 1)
	go func() { code <- Main(ctx, e, []string{"page", "--json"}) }()
	t.Cleanup(func() {
		stop()
		if c := <-code; c != ExitDone {
			t.Errorf("page ends with code %d", c)
		}
	})
	text := out.await(t, "URL", func(s string) bool { return strings.Contains(s, "}") })
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	base, secret, ok := strings.Cut(p.URL, "/#token=")
	if !ok || secret != p.Token || len(secret) < 26 || !strings.HasPrefix(base, "http://127.0.0.1:") {
		t.Fatalf("the URL is %q, the token %q", p.URL, p.Token)
	}
	return base, p
}

func TestPage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	base, p := openProxy(t, b)
	client := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	bearer := "Bearer " + p.Token
	for _, row := range []struct {
		name, method, path string
		change             func(*http.Request)
		code               int
	}{
		{"the page", "GET", "/", nil, 200},
		{"the page, by a link of another page", "GET", "/", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 200},
		{"the status", "GET", "/v1/status", func(r *http.Request) { r.Header.Set("Authorization", bearer) }, 200},
		{"without the token", "GET", "/v1/status", nil, 401},
		{"another token", "GET", "/v1/status", func(r *http.Request) { r.Header.Set("Authorization", bearer+"x") }, 401},
		{"another name", "GET", "/", func(r *http.Request) { r.Host = "rebound.example.com" }, 403},
		{"another origin", "POST", "/v1/restart", func(r *http.Request) {
			r.Header.Set("Authorization", bearer)
			r.Header.Set("Origin", "http://evil.example.com")
		}, 403},
		{"another page reads", "GET", "/v1/status", func(r *http.Request) {
			r.Header.Set("Authorization", bearer)
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		}, 403},
		{"an order", "POST", "/v1/restart", func(r *http.Request) {
			r.Header.Set("Authorization", bearer)
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Origin", base)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			r.Body = io.NopCloser(strings.NewReader(`{"reason":"by the page"}`))
		}, 202},
	} {
		r, err := http.NewRequestWithContext(t.Context(), row.method, base+row.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if row.change != nil {
			row.change(r)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != row.code {
			t.Errorf("%s: %d, want %d: %s", row.name, resp.StatusCode, row.code, body)
		}
	}
	if orders := b.Orders(); len(orders) != 1 || orders[0].Order.Reason != "by the page" {
		t.Errorf("the orders are %+v", orders)
	}
}

// Events come through as they happen, and the end of the command ends them.
func TestPageStreams(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	base, p := openProxy(t, b)
	r, err := http.NewRequestWithContext(t.Context(), "GET", base+"/v1/events?after=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.Token)
	r.Header.Set("Accept", "text/event-stream")
	resp, err := (&http.Client{Timeout: patience}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b.Emit(admin.Event{Kind: admin.Live, Generation: 41})
	started := time.Now()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if strings.Contains(lines.Text(), `"generation":41`) {
			return
		}
	}
	t.Errorf("the event did not come within %v", time.Since(started))
}
