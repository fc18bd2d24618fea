package fetcher_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/fetcher"
)

// proxyVariable makes this test binary a host behind a proxy.
const proxyVariable = "FETCHER_TEST_BEHIND_PROXY"

// Proxies are taken from the environment, once a process: so the host is a
// process of its own. No name of it leads anywhere without the proxy.
func TestProxyOfTheEnvironment(t *testing.T) {
	if url := os.Getenv(proxyVariable); url != "" {
		got, _, err := fetchAll(t, &fetcher.HTTP{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("fetched %q\n", got)
		return
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "asked for "+r.URL.String())
	}))
	defer proxy.Close()
	const target = "http://releases.invalid/app"
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), proxyVariable+"="+target, "HTTP_PROXY="+proxy.URL, "NO_PROXY=", "no_proxy=")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), `fetched "asked for `+target+`"`) {
		t.Fatalf("behind the proxy: %v\n%s", err, out)
	}
}
