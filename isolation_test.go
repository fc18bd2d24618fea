//go:build linux

package overseer_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// apart is the line by which a master tells of its fetch process.
const apart = "fetching in a process of its own"

// isolated is web with a source and a policy that do what the test orders, in a
// fetch process.
var isolated = register("isolated", func() {
	c := webConfig()
	c.Program = serveWeb
	c.MinFetchInterval = 10 * time.Millisecond
	c.Fetcher = ordered{&fetcher.HTTP{URL: os.Getenv("TEST_URL"), Interval: 10 * time.Millisecond}}
	c.Trust = ordered{}
	c.IsolateFetch = overseer.IsolateAlways
	c.KeepMaster = true // it is its fetch processes that are counted
	overseer.Run(c)
})

// ordered is a source, and a policy, that asks the test what to do.
type ordered struct{ *fetcher.HTTP }

func (o ordered) FetchContext(ctx context.Context) (io.Reader, error) {
	if err := carryOut(ordersFor("fetch")); err != nil {
		return nil, err
	}
	return o.HTTP.FetchContext(ctx)
}

func (o ordered) Name() string { return "ordered" }

func (o ordered) Vouch(context.Context, release.Candidate) (trust.Grant, error) {
	return trust.Grant{}, carryOut(ordersFor("vouch"))
}

// ordersFor asks the test; an order is given once.
func ordersFor(of string) string {
	resp, err := http.Get(os.Getenv("TEST_ORDERS") + "/" + of)
	if err != nil {
		return "the test has gone: " + err.Error()
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return string(text)
}

func carryOut(order string) error {
	switch order {
	case "":
		return nil
	case "panic":
		go panic("on purpose")
		select {}
	case "exit":
		os.Exit(9)
	case "a fatal error":
		new(sync.Mutex).Unlock()
	case "no stack left":
		debug.SetMaxStack(1 << 20)
		fmt.Fprintln(os.Stderr, deep(0))
	case "no memory left":
		syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{})
		for kept := [][]byte{}; ; {
			kept = append(kept, make([]byte, 64<<20))
		}
	case "try rights":
		tryRights()
	}
	return fmt.Errorf("order %q", order)
}

// deep calls itself until there is no stack left.
func deep(n int) int {
	next := deep
	if n < 0 {
		next = func(n int) int { return n }
	}
	return next(n+1) + n
}

// An orderer gives each of its orders once.
type orderer struct {
	url    string
	orders chan [2]string // of whom, what
}

func newOrderer(t *testing.T) *orderer {
	t.Helper()
	o := &orderer{orders: make(chan [2]string, 1)}
	server := httptest.NewServer(o)
	t.Cleanup(server.Close)
	o.url = server.URL
	return o
}

func (o *orderer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case next := <-o.orders:
		if r.URL.Path == "/"+next[0] {
			fmt.Fprint(w, next[1])
			return
		}
		o.orders <- next
	default:
	}
}

// Whatever ends the fetch process ends nothing else: the service serves, the
// master is the same, the next fetch has another process, and the next good
// release is installed.
func TestFetchProcessDiesAlone(t *testing.T) {
	t.Parallel()
	src, o := newSource(t), newOrderer(t)
	src.bytes = releaseBytes(t, plan{Version: "1"})
	s := startService(t, isolated, env("TEST_URL", src.URL), env("TEST_ORDERS", o.url))
	s.live(1)
	watch := startWatch(t, s)
	for n, row := range []struct{ of, order, says string }{
		{"fetch", "panic", "panic: on purpose"},
		{"fetch", "exit", "exited with code 9"},
		{"fetch", "a fatal error", "fatal error: sync: unlock of unlocked mutex"},
		{"vouch", "no stack left", "fatal error: stack overflow"},
		{"vouch", "no memory left", "fatal error: "}, // with another reason under the race detector
		{"vouch", "exit", "exited with code 9"},
	} {
		if row.of == "vouch" { // there has to be something to look at
			src.set(func(src *source) { src.bytes = append(releaseBytes(t, plan{Version: "1"}), byte(n)) })
		}
		before := s.count("no release could be fetched", row.says)
		o.orders <- [2]string{row.of, row.order}
		s.await(before+1, "no release could be fetched", row.says)
		s.await(n+1, "fetching works again")
	}
	next := releaseBytes(t, plan{Version: "2"})
	src.set(func(src *source) { src.bytes = next })
	s.await(1, "msg=committed", release.Digest(sha256.Sum256(next)).Short())
	watch.sawNoLoss(t)
	if n := s.count(apart); n < 7 {
		t.Errorf("%d fetch processes were started, want one more than have died", n)
	}
	s.stop()
	if left := session(s.PID); len(left) != 0 {
		t.Errorf("processes %v are left after the stop", left)
	}
}

// fetchPID waits for the nth fetch process.
func (s *service) fetchPID(n int) (pid int) {
	s.t.Helper()
	s.await(n, apart, "fetch_pid=")
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.log {
		if _, after, ok := strings.Cut(line, " fetch_pid="); ok {
			if n--; n == 0 {
				pid, _ = strconv.Atoi(strings.Fields(after)[0])
			}
		}
	}
	return pid
}

// A gate is a release server that stops an answer at one place until its client
// has gone.
type gate struct {
	*source
	mu      sync.Mutex
	at      int // bytes to send before; negative: open
	reached chan struct{}
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	at := g.at
	g.mu.Unlock()
	if at < 0 {
		g.source.ServeHTTP(w, r)
		return
	}
	if at > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(g.bytes)))
		w.Write(g.bytes[:at])
		http.NewResponseController(w).Flush()
	}
	select {
	case g.reached <- struct{}{}:
	default:
	}
	<-r.Context().Done()
}

func (g *gate) set(at int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.at = at
}

// A fetch process that is killed at any moment loses nothing: the release comes
// with the next one, and nothing of the first is left.
func TestFetchProcessKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	whole := releaseBytes(t, plan{Version: "2"})
	for name, at := range map[string]int{"before the answer": 0, "at its beginning": 1, "in the middle": len(whole) / 2, "before its end": len(whole) - 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := &gate{source: newSource(t), at: at, reached: make(chan struct{}, 1)}
			g.source.bytes = whole
			server := httptest.NewServer(g)
			t.Cleanup(server.Close)
			s := startService(t, fetches, env("TEST_URL", server.URL+"/app"))
			s.live(1)
			pid := s.fetchPID(1)
			<-g.reached
			g.set(-1)
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			s.await(1, "no release could be fetched", "the fetch process was ended by signal 9")
			s.await(1, "msg=committed")
			installedIs(t, s, plan{Version: "2"})
			s.stop()
			left, err := filepath.Glob(filepath.Join(s.Dir, ".app*/*unverified*"))
			if err != nil || len(left) != 0 {
				t.Errorf("%q is left, %v", left, err)
			}
		})
	}
}

// The fetch process ends with its master, also one that is killed, and minds none
// of the signals that are sent to a whole service.
func TestFetchProcessEndsWithTheMaster(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	for name, sig := range map[string]syscall.Signal{"stopped": syscall.SIGTERM, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, fetches, env("TEST_URL", src.URL))
			s.live(1)
			pid := s.fetchPID(1)
			for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR2} {
				if err := syscall.Kill(pid, sig); err != nil {
					t.Fatal(err)
				}
			}
			calls := src.get(func(src *source) int { return len(src.calls) })
			eventually(t, "further fetches", func() bool { return src.get(func(src *source) int { return len(src.calls) }) > calls+3 })
			s.Signal(sig)
			s.wait()
			eventually(t, "no process is left", func() bool { return len(session(s.PID)) == 0 })
			if s.count(apart) != 1 || s.count("the fetch process") != 0 {
				t.Error("the fetch process has not lived as long as its master")
			}
		})
	}
}

// tryRights is what an attacker would do with the fetch process.
func tryRights() {
	try := func(what string, err error) { fmt.Fprintf(os.Stderr, "attempt %s: err=%v\n", what, err) }
	write := func(path string) error {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
		if err == nil {
			f.Close()
		}
		return err
	}
	target, dir := os.Getenv("TEST_TARGET"), filepath.Dir(os.Getenv("TEST_TARGET"))
	try("write the binary", write(target))
	try("write beside the binary", write(filepath.Join(dir, "file")))
	try("replace the binary", os.Rename("/etc/hostname", target))
	try("write the state directory", write(filepath.Join(dir, ".app.overseer", "quarantine.json")))
	_, err := os.ReadDir(filepath.Join(dir, ".app.overseer"))
	try("read the state directory", err)
	try("signal the master", syscall.Kill(os.Getppid(), 0))
	_, err = os.Open(fmt.Sprintf("/proc/%d/mem", os.Getppid()))
	try("read the master's memory", err)
	try("trace the master", unix.PtraceAttach(os.Getppid()))
	try("become root again", syscall.Setuid(0))
	status, _ := filepath.Glob("/proc/self/task/*/status")
	for _, path := range status {
		text, _ := os.ReadFile(path)
		for line := range strings.Lines(string(text)) {
			name, value, _ := strings.Cut(line, ":")
			switch name {
			case "Uid", "Gid", "Groups", "CapPrm", "CapEff", "NoNewPrivs":
				fmt.Fprintf(os.Stderr, "status %s: %s\n", name, strings.Join(strings.Fields(value), " "))
			}
		}
	}
	for _, v := range os.Environ() {
		fmt.Fprintf(os.Stderr, "environment %s\n", v)
	}
	score, _ := os.ReadFile("/proc/self/oom_score_adj")
	fmt.Fprintf(os.Stderr, "status oom_score_adj: %s\n", strings.TrimSpace(string(score)))
	fmt.Fprintln(os.Stderr, "all was tried")
}

// Where the master is root the fetch process is another user, on all threads,
// and can do nothing to it.
func TestFetchProcessHasNoRights(t *testing.T) {
	t.Parallel()
	rootOnly(t)
	o := newOrderer(t)
	o.orders <- [2]string{"fetch", "try rights"}
	src := newSource(t)
	s := startService(t, isolated, env("TEST_URL", src.URL), env("TEST_ORDERS", o.url), func(s *service) {
		state := filepath.Join(s.Dir, ".app.overseer")
		if err := errors.Join(
			os.Chmod(filepath.Dir(s.Dir), 0o755), // it may look there
			os.Mkdir(state, 0o700),
			os.WriteFile(filepath.Join(state, "quarantine.json"), nil, 0o600),
		); err != nil {
			t.Fatal(err)
		}
		env("TEST_TARGET", s.Binary)(s)
	})
	s.await(1, apart, "user=65534")
	s.await(1, "all was tried")
	s.live(1)
	for _, what := range []string{
		"write the binary", "write beside the binary", "replace the binary", "write the state directory",
		"read the state directory", "signal the master", "read the master's memory", "trace the master", "become root again",
	} {
		if s.count("attempt "+what+": err=") != 1 || s.count("attempt "+what+": err=<nil>") != 0 {
			t.Errorf("%s: was not refused", what)
		}
	}
	wanted := map[string]string{
		"Uid": "65534 65534 65534 65534", "Gid": "65534 65534 65534 65534", "Groups": "65534",
		"CapPrm": "0000000000000000", "CapEff": "0000000000000000", "NoNewPrivs": "1", "oom_score_adj": "1000",
	}
	held := descriptors(t, s.PID)
	for _, name := range descriptors(t, s.fetchPID(1)) {
		if strings.HasPrefix(name, "socket:") && slices.Contains(held, name) {
			t.Errorf("the fetch process has a socket of the master's: %s", name)
		}
	}
	if n := s.count("environment OVERSEER_"); n != 0 {
		t.Errorf("the fetch process has %d variables of the master's protocols", n)
	}
	if _, _, e := syscall.AllThreadsSyscall(syscall.SYS_GETPID, 0, 0, 0); e == syscall.ENOTSUP {
		delete(wanted, "NoNewPrivs") // the test is built with cgo
	}
	for name, want := range wanted {
		if all, good := s.count("status "+name+":"), s.count("status "+name+": "+want); all == 0 || all != good {
			t.Errorf("%s is %s on %d of %d threads, want it on all", name, want, good, all)
		}
	}
	s.stop()
}

// A master that is not root has a fetch process of the same user.
func TestFetchProcessOfAnotherUser(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	src.bytes = releaseBytes(t, plan{Version: "2"})
	s := startService(t, fetches, env("TEST_URL", src.URL), asNobody(t))
	s.await(1, apart, "user=65534")
	s.await(1, "msg=committed")
	installedIs(t, s, plan{Version: "2"})
	if n := s.count("keeps rights"); n != 0 {
		t.Errorf("%d complaints of rights that it never had", n)
	}
	s.stop()
}
