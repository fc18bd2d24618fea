//go:build unix

package overseer_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/loadtest"
)

// faulty is the service of the tests in which something goes wrong: web, with a
// few more ways to do so. It leaves a line in TEST_RUNS each time that its binary
// is run, for a preflight too.
var faulty = register("faulty", func() {
	c := webConfig()
	if address := os.Getenv("TEST_ADDRESS"); address != "" {
		c.Address = address
	}
	if os.Getenv("TEST_KEEPALIVE") != "" {
		c.KeepAlive = overseer.OnFailure
	}
	c.Fetcher = told{c.Fetcher.(*fetcher.File)}
	if os.Getenv("TEST_FETCH") == "hangs" {
		c.Fetcher = fetcher.Func(func() (io.Reader, error) {
			fmt.Fprintln(os.Stderr, "the fetch hangs")
			select {}
		})
	}
	c.Program = serveFaulty
	recordRun()
	overseer.Run(c)
})

func serveFaulty(s overseer.State) {
	p := readPlan()
	fmt.Fprintf(os.Stderr, "program begins generation=%d pid=%d version=%s\n", s.Generation, os.Getpid(), p.Version)
	switch p.Fault {
	case "never accepts":
		<-s.Context().Done()
		return
	case "slow start":
		time.Sleep(p.After) // this is the fault
	}
	serveWeb(s)
}

// told is a File that tells the test what it offers.
type told struct{ *fetcher.File }

func (f told) FetchContext(ctx context.Context) (io.Reader, error) {
	r, err := f.File.FetchContext(ctx)
	if r != nil {
		fmt.Fprintln(os.Stderr, "the source offers a release")
	}
	return r, err
}

// recordRun notes that this binary was run.
func recordRun() {
	path := os.Getenv("TEST_RUNS")
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	fmt.Fprintln(f, readPlan().Version)
}

// runs returns how often a version was run.
func runs(t *testing.T, path, version string) (n int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.TrimSpace(line) == version {
			n++
		}
	}
	return n
}

// A watch is a gentle load of kept and of new connections: it is there to see a
// loss, not to take the processor from the service.
type watch []*loadtest.Load

// clientsEach is how many clients of each kind watch.
const clientsEach = 4

func startWatch(t *testing.T, s *service) watch {
	t.Helper()
	var w watch
	for _, mode := range []loadtest.Mode{loadtest.KeepAlive, loadtest.NewConnection} {
		load, err := loadtest.Start(t.Context(), loadtest.Config{
			Address: s.Address(), Clients: clientsEach, Mode: mode, Think: 3 * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { load.Stop() })
		w = append(w, load)
	}
	return w
}

// sawNoLoss ends the watch; each request that was lost is an error.
func (w watch) sawNoLoss(t *testing.T) {
	t.Helper()
	for _, load := range w {
		noLoss(t, load)
	}
}

// sawOneCrash ends the watch. A process that crashes takes along what it has
// accepted, and that is at most one request of each client: the connection of
// that request is closed or reset under it. Nobody is refused, nobody waits in
// vain, and nobody loses a second request: others accept, or the queue holds.
func (w watch) sawOneCrash(t *testing.T) {
	t.Helper()
	for _, load := range w {
		report := load.Stop()
		for kind, n := range report.Failures {
			switch kind {
			case loadtest.CutUnderRequest, loadtest.Reset, loadtest.ShortBody:
			default:
				t.Errorf("%d requests failed by %q, which a crash does not explain:\n%s", n, kind, report)
			}
		}
		if report.Failed > clientsEach {
			t.Errorf("%d requests failed, more than the %d that a crashed process can have held:\n%s", report.Failed, clientsEach, report)
		}
		if report.Requests == 0 {
			t.Error("the load made no request")
		}
	}
}

// A held is a request that its program answers only after a while.
type held struct {
	body   string
	err    error
	status int
	took   time.Duration
}

// hold makes a request on a connection of its own and returns when the program
// has it.
func hold(t *testing.T, s *service, d time.Duration) <-chan held {
	t.Helper()
	before := s.count("holding a request")
	result := make(chan held, 1)
	address := s.Address()
	go func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: bound}
		start := time.Now()
		resp, err := client.Get("http://" + address + "/hold?for=" + d.String())
		if err != nil {
			result <- held{err: err, took: time.Since(start)}
			return
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		result <- held{body: string(body), err: err, status: resp.StatusCode, took: time.Since(start)}
	}()
	s.await(before+1, "holding a request")
	return result
}

// ends waits for a held request and checks that it was answered, by a version.
func ends(t *testing.T, request <-chan held, version string) {
	t.Helper()
	h := <-request
	if h.err != nil || h.status != http.StatusOK || h.body != "version "+version+"\n" {
		t.Errorf("the request in flight ended with status %d, body %q, error %v; want the answer of version %s", h.status, h.body, h.err, version)
	}
}

// isCut waits for a held request and checks that it got no answer.
func isCut(t *testing.T, request <-chan held) {
	t.Helper()
	if h := <-request; h.err == nil {
		t.Errorf("a request inside a process that was killed was answered: %q", h.body)
	}
}

// answers asks a service once, on a new connection, and returns the version that
// answered.
func answers(t *testing.T, s *service) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: bound}
	resp, err := client.Get("http://" + s.Address() + "/")
	if err != nil {
		t.Fatalf("the service does not answer: %v", err)
	}
	defer resp.Body.Close()
	return resp.Header.Get("X-Version")
}

// allGone waits until no process of the service's session is left.
func (s *service) allGone() {
	s.t.Helper()
	eventually(s.t, fmt.Sprintf("no process of session %d is left", s.PID), func() bool { return len(session(s.PID)) == 0 })
}

// mustHold checks that a file holds these bytes.
func mustHold(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%q holds %d bytes that differ from the %d expected", path, len(got), len(want))
	}
}
