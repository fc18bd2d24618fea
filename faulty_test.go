//go:build unix

package overseer_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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
	go func() {
		<-s.GracefulShutdown
		fmt.Fprintf(os.Stderr, "program drains generation=%d\n", s.Generation)
	}()
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

// sawCrashes ends the watch. A process that crashes takes along what it has
// accepted, and that is at most one request of each client: the connection of
// that request is closed or reset under it. Nobody is refused, nobody waits in
// vain, and nobody loses a second request to the same crash: others accept, or
// the queue holds.
func (w watch) sawCrashes(t *testing.T, crashes int64) {
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
		if most := crashes * clientsEach; report.Failed > most {
			t.Errorf("%d requests failed, more than the %d that crashed processes can have held:\n%s", report.Failed, most, report)
		}
		if report.Requests == 0 {
			t.Error("the load made no request")
		}
	}
}

// A held is a request that its program does not answer before it is released.
type held struct {
	t    *testing.T
	fifo string
	done chan struct{}

	// Once done is closed.
	status int
	body   string
	err    error
}

// hold makes a request on a connection of its own and returns when the program
// has it.
func hold(t *testing.T, s *service) *held {
	t.Helper()
	h := &held{t: t, fifo: filepath.Join(t.TempDir(), "release"), done: make(chan struct{})}
	if err := syscall.Mkfifo(h.fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	before := s.count("holding a request")
	url := "http://" + s.Address() + "/hold?until=" + url.QueryEscape(h.fifo)
	go func() {
		defer close(h.done)
		h.status, h.body, h.err = get(url)
	}()
	s.await(before+1, "holding a request")
	return h
}

// holdIn holds n requests in one generation. Until the others have paused they
// accept too: what they took meanwhile is returned as elsewhere.
func holdIn(t *testing.T, s *service, generation, n int) (in, elsewhere []*held) {
	t.Helper()
	deadline := time.Now().Add(bound)
	for len(in) < n && time.Now().Before(deadline) {
		before := s.count("holding a request", fmt.Sprintf("generation=%d", generation))
		h := hold(t, s)
		if s.count("holding a request", fmt.Sprintf("generation=%d", generation)) > before {
			in = append(in, h)
		} else {
			elsewhere = append(elsewhere, h)
		}
	}
	if len(in) < n {
		t.Fatalf("generation %d took %d of %d requests within %v", generation, len(in), n, bound)
	}
	return in, elsewhere
}

// get asks once, on a new connection.
func get(url string) (status int, body string, err error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: bound}
	resp, err := client.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// end releases the request, which is still in flight, and checks that it is
// answered by a version.
func (h *held) end(version string) {
	h.t.Helper()
	var release *os.File
	eventually(h.t, "the request can be released", func() (ok bool) {
		select {
		case <-h.done:
			return true
		default:
		}
		var err error
		release, err = os.OpenFile(h.fifo, os.O_WRONLY|syscall.O_NONBLOCK, 0) // fails while nobody reads
		return err == nil
	})
	if release == nil {
		h.t.Error("the request ended before it was released")
	} else {
		release.Close()
	}
	<-h.done
	if h.err != nil || h.status != http.StatusOK || h.body != "version "+version+"\n" {
		h.t.Errorf("the request in flight ended with status %d, body %q, error %v; want the answer of version %s", h.status, h.body, h.err, version)
	}
}

// isCut checks that the request gets no answer.
func (h *held) isCut() {
	h.t.Helper()
	<-h.done
	if h.err == nil {
		h.t.Errorf("a request inside a process that was killed was answered: %q", h.body)
	}
}

// answers asks a service once, on a new connection, and returns the version that
// answered.
func answers(t *testing.T, s *service) string {
	t.Helper()
	_, body, err := get("http://" + s.Address() + "/")
	if err != nil {
		t.Fatalf("the service does not answer: %v", err)
	}
	return strings.TrimSpace(strings.TrimPrefix(body, "version "))
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
