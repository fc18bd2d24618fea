package probe_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/probe"
)

func TestHTTP(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "fine") })
	mux.HandleFunc("/none", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	mux.HandleFunc("/early", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(200) })
	mux.HandleFunc("/sick", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(503)
		io.WriteString(w, "database: no route\nqueue: fine\nthree\nfour\n")
	})
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ok", http.StatusFound) })
	mux.HandleFunc("/big", func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 4<<20)) })
	mux.HandleFunc("/loud", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<17)) })
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "half")
	})
	mux.HandleFunc("/query", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("q") != "a b" {
			w.WriteHeader(400)
		}
	})
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(418)
		fmt.Fprintf(w, "%s|%s|%v", r.Host, r.Header.Get("Authorization"), r.Close)
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	target := listening(t, "tcp", server.Listener)

	for _, row := range []struct {
		name, path string
		opts       []probe.Option
		want       string
	}{
		{name: "200", path: "/ok"},
		{name: "204 without a body", path: "/none"},
		{name: "after an informational answer", path: "/early"},
		{name: "a query", path: "/query?q=a+b"},
		{name: "a body that is longer than is read", path: "/big"},
		{name: "503 shows three lines", path: "/sick", want: `get "/sick": the program answered 503 Service Unavailable: "database: no route\nqueue: fine\nthree"`},
		{name: "404", path: "/missing", want: "404 Not Found"},
		{name: "a redirect is not followed", path: "/login", want: "302 Found"},
		{name: "a redirect that is wanted", path: "/login", opts: []probe.Option{probe.Status(func(c int) bool { return c == 302 })}},
		{name: "200 that is not wanted", path: "/ok", opts: []probe.Option{probe.Status(func(c int) bool { return c == 302 })}, want: "answered 200 OK"},
		{name: "a broken body", path: "/broken", want: "read the body of the 200 answer: unexpected EOF"},
		{name: "an endless header", path: "/loud", want: "header is longer than 65536 bytes"},
		{name: "host of the address", path: "/who", want: server.Listener.Addr().String() + "||true"},
		{name: "host and header given", path: "/who", opts: []probe.Option{probe.Host("shop.example"), probe.Header("Authorization", "Bearer x")}, want: "shop.example|Bearer x|true"},
		{name: "a path without a slash", path: "ok", want: "begins with a slash"},
		{name: "a path that is none", path: "/\n", want: "invalid control character"},
	} {
		t.Run(row.name, func(t *testing.T) {
			check(t, probe.HTTP(row.path, row.opts...)(within(t), target), row.want)
		})
	}

	var status *probe.StatusError
	if err := probe.HTTP("/sick")(within(t), target); !errors.As(err, &status) || status.Code != 503 {
		t.Fatalf("got %v, want a StatusError with 503", err)
	}
}

func TestHTTPHost(t *testing.T) {
	for _, row := range []struct{ address, want string }{
		{"127.0.0.1:3000", "127.0.0.1:3000"},
		{"shop.example:80", "shop.example:80"},
		{":3000", "localhost:3000"},
		{"0.0.0.0:3000", "localhost:3000"},
		{"[::]:3000", "localhost:3000"},
		{"[::1]:3000", "[::1]:3000"},
		{"[fe80::1%lo]:3000", "[fe80::1]:3000"},
		{"tcp6://[::1]:3000", "[::1]:3000"},
		{"unix:///run/shop.sock", "localhost"},
		{"/run/shop.sock", "localhost"},
	} {
		t.Run(row.address, func(t *testing.T) {
			asked := make(chan string, 1)
			target := piped(t, func(c net.Conn) { asked <- answer(c, "HTTP/1.1 200 OK\r\n\r\n") })
			target.Addresses[0] = row.address
			check(t, probe.HTTP("/")(within(t), target))
			if got := <-asked; got != row.want {
				t.Fatalf("Host: %q, want %q", got, row.want)
			}
		})
	}
}

// answer reads one request and writes the answer; it returns the Host header.
func answer(c net.Conn, text string) string {
	var host string
	for line := range strings.SplitSeq(readHeader(c), "\r\n") {
		if value, ok := strings.CutPrefix(line, "Host: "); ok {
			host = value
		}
	}
	io.WriteString(c, text)
	return host
}

// readHeader reads as far as the empty line.
func readHeader(c net.Conn) string {
	var header []byte
	for one := make([]byte, 1); !strings.HasSuffix(string(header), "\r\n\r\n"); header = append(header, one[0]) {
		if _, err := io.ReadFull(c, one); err != nil {
			return ""
		}
	}
	return string(header)
}

func TestHTTPEnds(t *testing.T) {
	stream := func(c net.Conn, text string) { answer(c, text); io.Copy(io.Discard, c) }
	for _, row := range []struct{ name, answer string }{
		{"no answer", ""},
		{"half a header", "HTTP/1.1 200 OK\r\nX-"},
		{"a body that never ends", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"},
		{"a refusal that never ends", "HTTP/1.1 500 No\r\nContent-Length: 10\r\n\r\nhalf"},
	} {
		t.Run(row.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(within(t))
			target := piped(t, func(c net.Conn) {
				answered := make(chan struct{})
				go func() { stream(c, row.answer); close(answered) }()
				cancel()
				<-answered
			})
			err := probe.HTTP("/")(ctx, target)
			var status *probe.StatusError
			if !errors.Is(err, context.Canceled) && !errors.As(err, &status) {
				t.Fatalf("got %v, want %v", err, context.Canceled)
			}
		})
	}
}

func TestHTTPUnix(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Skipf("no unix sockets here: %v", err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.NotFoundHandler()}}
	server.Start()
	defer server.Close()
	check(t, probe.HTTP("/")(within(t), listening(t, "unix", l)), "404")
}

func TestHTTPTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Proto != "HTTP/1.1" {
			w.WriteHeader(500)
		}
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = quiet()
	server.StartTLS()
	defer server.Close()
	target := listening(t, "tcp", server.Listener)
	trusting := server.Client().Transport.(*http.Transport).TLSClientConfig

	for _, row := range []struct {
		name string
		opts []probe.Option
		want string
	}{
		{name: "unverified by default", opts: []probe.Option{probe.TLS(nil)}},
		{name: "verified where asked", opts: []probe.Option{probe.TLS(trusting), probe.Host("example.com")}},
		{name: "verified by the address", opts: []probe.Option{probe.TLS(trusting)}},
		{name: "another name", opts: []probe.Option{probe.TLS(trusting), probe.Host("shop.test")}, want: "tls handshake"},
		{name: "not trusted", opts: []probe.Option{probe.TLS(&tls.Config{})}, want: "tls handshake"},
		{name: "plain speech to a TLS server", want: "400"},
	} {
		t.Run(row.name, func(t *testing.T) {
			check(t, probe.HTTP("/", row.opts...)(within(t), target), row.want)
		})
	}
}
