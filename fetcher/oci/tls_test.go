package oci_test

import (
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/fetcher/oci"
)

// front is the registry behind TLS, as mostly.
func front(t *testing.T, s *server, wrap func(http.Handler) http.Handler) *httptest.Server {
	t.Helper()
	f := httptest.NewUnstartedServer(wrap(&httputil.ReverseProxy{
		Transport: s.Transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: host})
			r.Out.Host = r.In.Host
		},
	}))
	f.Config.ErrorLog = log.New(io.Discard, "", 0)
	f.StartTLS()
	t.Cleanup(f.Close)
	return f
}

func trusting(f *httptest.Server) func(*oci.Options) {
	ca := x509.NewCertPool()
	ca.AddCert(f.Certificate())
	return func(o *oci.Options) {
		o.Reference, o.PlainHTTP, o.Client, o.CA = f.Listener.Addr().String()+"/team/app", false, nil, ca
	}
}

// The client that the options make speaks TLS, and knows the authorities given
// and no others than these.
func TestOpenOverTLS(t *testing.T) {
	s := start(t)
	f := front(t, s, func(h http.Handler) http.Handler { return h })
	trust := trusting(f)
	o := s.options()
	trust(&o)
	if _, err := oci.Push(t.Context(), tree(t, 1), o); err != nil {
		t.Fatal(err)
	}
	if _, got := read(t, s.place(t, trust), fetcher.Want{Name: "keys.json"}); string(got) != `{"keys":1}` {
		t.Fatalf("read %q", got)
	}
	stranger := s.place(t, trust, func(o *oci.Options) { o.CA = nil })
	if _, err := stranger.Open(t.Context(), fetcher.Want{Name: "keys.json"}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Fatalf("Open by a host that does not know the authority: %v; want an error about the certificate", err)
	}
}

// Registries send to other hosts for the bytes: those get no password, and the
// way never leaves TLS.
func TestRedirects(t *testing.T) {
	s := start(t)
	bytesOf := tree(t, 1)["keys.json"].Data
	seen := make(chan string, 10)
	storage := func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header.Get("Authorization")
		w.Write(bytesOf)
	}
	secure := httptest.NewTLSServer(http.HandlerFunc(storage))
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(http.HandlerFunc(storage))
	t.Cleanup(plain.Close)
	var to atomic.Value
	to.Store(secure.URL)
	f := front(t, s, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") && r.Header.Get("Authorization") != "" {
				http.Redirect(w, r, strings.Replace(to.Load().(string), "127.0.0.1", "localhost", 1)+"/signed?secret=x", http.StatusTemporaryRedirect)
				return
			}
			h.ServeHTTP(w, r)
		})
	})
	trust := trusting(f)
	o := s.options()
	trust(&o)
	if _, err := oci.Push(t.Context(), tree(t, 1), o); err != nil {
		t.Fatal(err)
	}
	insecure := func(o *oci.Options) { // the certificate of the storage is for 127.0.0.1
		transport := f.Client().Transport.(*http.Transport).Clone()
		transport.TLSClientConfig.InsecureSkipVerify = true
		o.CA, o.Client = nil, &http.Client{Transport: transport}
	}
	if _, got := read(t, s.place(t, trust, insecure), fetcher.Want{Name: "keys.json"}); string(got) != string(bytesOf) {
		t.Fatalf("read %q", got)
	}
	if sent := <-seen; sent != "" {
		t.Fatalf("the storage was sent the Authorization %q; want none", sent)
	}
	to.Store(plain.URL)
	_, err := s.place(t, trust, insecure).Open(t.Context(), fetcher.Want{Name: "keys.json"})
	if err == nil || !strings.Contains(err.Error(), "refused") || strings.Contains(err.Error(), "secret") || len(seen) != 0 {
		t.Fatalf("Open with a redirect out of TLS: %v; want it refused, without the address", err)
	}
}
