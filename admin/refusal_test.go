package admin_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/admin"
)

var bearer = "Bearer " + secret

// Each thing that is refused has its code, and an error that says what to do.
func TestRefusals(t *testing.T) {
	digest := strings.Repeat("ab", 32)
	jsonBody := "application/json"
	s := newService(admin.Bounds{Wrong: 1})
	url := s.onTCP(t, "admin.example.com")
	for _, c := range []struct {
		name, method, path string
		header             map[string]string
		body               string
		code               int
		want               string // part of the error
	}{
		{"no token", "GET", "/v1/status", map[string]string{"Authorization": ""}, "", 401, "Bearer TOKEN"},
		{"a wrong token", "GET", "/v1/status", map[string]string{"Authorization": bearer + "x"}, "", 401, "wrong"},
		{"another scheme", "GET", "/v1/status", map[string]string{"Authorization": "Basic " + secret}, "", 401, "Bearer"},
		{"no token for an order", "POST", "/v1/restart", map[string]string{"Authorization": ""}, "", 401, "Bearer"},
		{"no token where nothing is", "GET", "/v2", map[string]string{"Authorization": ""}, "", 401, "Bearer"},
		{"a name that points here", "GET", "/v1/status", map[string]string{"Host": "evil.example.com"}, "", 403, "host name"},
		{"a name that points here, for the page", "GET", "/", map[string]string{"Host": "evil.example.com"}, "", 403, "host name"},
		{"a name with ours in it", "GET", "/v1/status", map[string]string{"Host": "admin.example.com.evil.example"}, "", 403, "host name"},
		{"an order of another page", "POST", "/v1/restart", map[string]string{"Sec-Fetch-Site": "cross-site"}, "", 403, "another page"},
		{"an order of a sister page", "POST", "/v1/restart", map[string]string{"Sec-Fetch-Site": "same-site"}, "", 403, "another page"},
		{"an order of another origin", "POST", "/v1/restart", map[string]string{"Origin": "http://evil.example"}, "", 403, "another page"},
		{"an order of no origin", "POST", "/v1/restart", map[string]string{"Origin": "null"}, "", 403, "another page"},
		{"a stream for another page", "GET", "/v1/events", map[string]string{"Sec-Fetch-Site": "cross-site", "Accept": "text/event-stream"}, "", 403, "another page"},
		{"a status for another origin", "GET", "/v1/status", map[string]string{"Origin": "http://evil.example"}, "", 403, "another page"},
		{"no such path", "GET", "/v1/nothing", nil, "", 404, "openapi.json"},
		{"no such file", "GET", "/page/nothing.js", nil, "", 404, "no file"},
		{"no such method", "POST", "/v1/status", nil, "", 405, "use GET, HEAD"},
		{"reading an order", "GET", "/v1/restart", nil, "", 405, "use POST"},
		{"preflight", "OPTIONS", "/v1/restart", nil, "", 405, "use POST"},
		{"a parameter that is not known", "GET", "/v1/status?x=1", nil, "", 400, "unknown parameter"},
		{"a parameter twice", "GET", "/v1/events?after=1&after=2", nil, "", 400, "give it once"},
		{"a query that is none", "GET", "/v1/events?%zz", nil, "", 400, "query"},
		{"after is no number", "GET", "/v1/events?after=x", nil, "", 400, "ID of an event"},
		{"after is negative", "GET", "/v1/events?after=-1", nil, "", 400, "ID of an event"},
		{"Last-Event-ID is no number", "GET", "/v1/events?after=1", map[string]string{"Last-Event-ID": "x"}, "", 400, "Last-Event-ID"},
		{"limit is zero", "GET", "/v1/events?limit=0", nil, "", 400, "from 1 to 1000"},
		{"limit is too large", "GET", "/v1/history?limit=1001", nil, "", 400, "from 1 to 1000"},
		{"samples is a word", "GET", "/v1/events?samples=yes", nil, "", 400, "1 or 0"},
		{"a parameter of an order", "POST", "/v1/restart?force=1", nil, "", 400, "unknown parameter"},
		{"a form", "POST", "/v1/restart", map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, "reason=x", 415, "application/json"},
		{"text", "POST", "/v1/restart", map[string]string{"Content-Type": "text/plain"}, "{}", 415, "application/json"},
		{"no type", "POST", "/v1/restart", map[string]string{"Content-Type": ""}, "{}", 415, "application/json"},
		{"another charset", "POST", "/v1/restart", map[string]string{"Content-Type": "application/json; charset=latin1"}, "{}", 415, "application/json"},
		{"a body too large", "POST", "/v1/restart", nil, `{"reason":"` + strings.Repeat("x", 64<<10) + `"}`, 413, "65536"},
		{"no JSON", "POST", "/v1/restart", nil, "hello", 400, "no JSON object"},
		{"a list", "POST", "/v1/restart", nil, "[]", 400, "no JSON object"},
		{"half an object", "POST", "/v1/restart", nil, `{"reason":"x"`, 400, "no JSON"},
		{"two objects", "POST", "/v1/restart", nil, `{}{}`, 400, "follows"},
		{"not UTF-8", "POST", "/v1/restart", nil, "{\"reason\":\"\xff\"}", 400, "UTF-8"},
		{"an unknown member", "POST", "/v1/restart", nil, `{"force":true}`, 400, "known are actor, generation, reason"},
		{"a member of another order", "POST", "/v1/restart", nil, `{"to":"standby"}`, 400, "unknown member"},
		{"a member in another case", "POST", "/v1/restart", nil, `{"Reason":"x"}`, 400, "unknown member"},
		{"a member twice", "POST", "/v1/restart", nil, `{"reason":"x","reason":"y"}`, 400, "twice"},
		{"a number for text", "POST", "/v1/restart", nil, `{"reason":1}`, 400, `"reason" is of the wrong type`},
		{"text for a number", "POST", "/v1/restart", nil, `{"generation":"1"}`, 400, `"generation" is of the wrong type`},
		{"a negative generation", "POST", "/v1/restart", nil, `{"generation":-1}`, 400, "generation is -1"},
		{"a reason too long", "POST", "/v1/restart", nil, `{"reason":"` + strings.Repeat("ä", 1001) + `"}`, 400, "1001 characters"},
		{"a reason for a terminal", "POST", "/v1/restart", nil, `{"reason":"\u001b[2J"}`, 400, "cannot be shown"},
		{"an actor of two lines", "POST", "/v1/restart", nil, `{"actor":"a\nb"}`, 400, "cannot be shown"},
		{"an actor written from the right", "POST", "/v1/restart", nil, `{"actor":"a\u202eb"}`, 400, "cannot be shown"},
		{"back to nowhere", "POST", "/v1/rollback", nil, `{}`, 400, "standby or previous"},
		{"back to something else", "POST", "/v1/rollback", nil, `{"to":"yesterday"}`, 400, "standby or previous"},
		{"held until long ago", "PUT", "/v1/hold", nil, `{"until":"2001-01-01T00:00:00Z"}`, 400, "over"},
		{"held until no time", "PUT", "/v1/hold", nil, `{"until":"tomorrow"}`, 400, `"until" cannot be read`},
		{"no level", "PUT", "/v1/log-level", nil, `{}`, 400, "debug, info, warn, error"},
		{"no digest", "DELETE", "/v1/quarantine/abc", nil, "", 400, "64 hexadecimal digits"},
		{"not in quarantine", "DELETE", "/v1/quarantine/" + digest, nil, "", 404, "not found"},
		{"another generation is live", "POST", "/v1/restart", nil, `{"generation":7}`, 409, "generation 1 is live, not 7"},
		{"a key too long", "POST", "/v1/restart", map[string]string{"Idempotency-Key": strings.Repeat("k", 256)}, "", 400, "too long"},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := map[string]string{"Authorization": bearer}
			if c.body != "" {
				header["Content-Type"] = jsonBody
			}
			for name, value := range c.header {
				header[name] = value
			}
			resp, body := call{c.method, url + c.path, header, c.body}.do(t, "")
			var got struct{ Error string }
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatalf("the answer is no JSON: %v: %s", err, body)
			}
			if resp.StatusCode != c.code || !strings.Contains(got.Error, c.want) {
				t.Errorf("%s %s: got %d %q, want %d with %q", c.method, c.path, resp.StatusCode, got.Error, c.code, c.want)
			}
			if c.code == 401 && !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("WWW-Authenticate is %q", resp.Header.Get("WWW-Authenticate"))
			}
			if c.code == 405 && resp.Header.Get("Allow") == "" {
				t.Error("there is no Allow")
			}
			checkHeaders(t, resp.Header)
		})
	}
	for _, o := range s.master.Orders() {
		if o.Name != "Forget" && o.Order.Generation != 7 {
			t.Errorf("an order that was refused came to the master: %+v", o)
		}
	}
}

// checkHeaders looks for what each answer has.
func checkHeaders(t *testing.T, h http.Header) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy":      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	for name := range h {
		if strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" {
			t.Errorf("there is a header %s", name)
		}
	}
}

// The names by which a server may be reached.
func TestHosts(t *testing.T) {
	s := newService(admin.Bounds{})
	url := s.onTCP(t, "Admin.example.com")
	for _, host := range []string{"", "127.0.0.1", "localhost:80", "LOCALHOST", "[::1]:9", "::1", "192.0.2.1:1", "admin.example.com", "ADMIN.EXAMPLE.COM.:443"} {
		header := map[string]string{"Authorization": bearer}
		if host != "" {
			header["Host"] = host
		}
		if resp, body := (call{"GET", url + "/v1/status", header, ""}).do(t, ""); resp.StatusCode != 200 {
			t.Errorf("Host %q: got %d %s, want 200", host, resp.StatusCode, body)
		}
	}
}

// The page itself gives orders: its browser says so in one way or the other.
func TestSameOrigin(t *testing.T) {
	s := newService(admin.Bounds{})
	url := s.onTCP(t)
	for _, header := range []map[string]string{{"Sec-Fetch-Site": "same-origin", "Origin": url}, {"Origin": url}, {"Sec-Fetch-Site": "none"}, {}} {
		header["Authorization"] = bearer
		if resp, body := (call{"POST", url + "/v1/restart", header, ""}).do(t, ""); resp.StatusCode != 202 {
			t.Errorf("%v: got %d %s, want 202", header, resp.StatusCode, body)
		}
	}
}

// What net/http would answer by itself comes through the door too, and is refused.
func TestOptionsOfTheServer(t *testing.T) {
	path := newService(admin.Bounds{}).onUnix(t)
	got := ended(t, dial(t, path, "OPTIONS * HTTP/1.1\r\nHost: overseer\r\nConnection: close\r\n\r\n"))
	if !strings.Contains(got, " 400 ") || !strings.Contains(got, "Content-Security-Policy") {
		t.Errorf("got %q, want 400 with all headers", got)
	}
}
