package fetcher_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/seed-3d078585/overseer/fetcher"
)

func TestHTTPKeepsTLS(t *testing.T) {
	open := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the open server was asked") }))
	defer open.Close()
	closed := httptest.NewTLSServer(http.RedirectHandler(open.URL, http.StatusFound))
	defer closed.Close()
	_, _, err := fetchAll(t, &fetcher.HTTP{URL: closed.URL, Client: closed.Client()})
	wantSays(t, err, "redirected from https")
}

// A client whose own rule about redirects is asked too, and not changed.
func TestHTTPClientRule(t *testing.T) {
	server := httptest.NewServer(http.RedirectHandler("/again", http.StatusFound))
	defer server.Close()
	asked := 0
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { asked++; return http.ErrUseLastResponse }
	_, _, err := fetchAll(t, &fetcher.HTTP{URL: server.URL, Client: client})
	wantSays(t, err, "answered 302")
	if asked != 1 {
		t.Fatalf("the client's rule was asked %d times; want 1", asked)
	}
}
