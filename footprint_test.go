//go:build linux

package overseer_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
)

// weighed is the web service whose master tells what it weighs.
var weighed = register("weighed", func() {
	go serveWeight(os.Getenv("TEST_WEIGHT"))
	c := webConfig()
	c.Probe, c.Fetcher = nil, nil
	c.Program = serveWeb
	overseer.Run(c)
})

// A weight is what a process holds.
type weight struct {
	Goroutines  int
	Heap        int64 // bytes that are in use after a collection
	Stacks      string
	Descriptors int   `json:"-"`
	Threads     int   `json:"-"`
	Resident    int64 `json:"-"` // bytes
	Children    int   `json:"-"` // zombies among them
}

// serveWeight tells each caller what the process weighs. The master is the first
// to take the path, and keeps it.
func serveWeight(path string) {
	l, err := net.Listen("unix", path)
	if err != nil {
		return // a worker
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		runtime.GC()
		runtime.GC() // what the first one's finalizers have let go
		var mem runtime.MemStats
		runtime.ReadMemStats(&mem)
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		json.NewEncoder(conn).Encode(weight{
			Goroutines: runtime.NumGoroutine(),
			Heap:       int64(mem.HeapAlloc),
			Stacks:     string(stacks),
		})
		conn.Close()
	}
}

// weigh asks the master, and the kernel about it.
func weigh(t *testing.T, s *service, path string) (w weight) {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := json.NewDecoder(conn).Decode(&w); err != nil {
		t.Fatal(err)
	}
	w.Descriptors = len(descriptors(t, s.PID))
	w.Threads = int(statusField(t, s.PID, "Threads"))
	w.Resident = statusField(t, s.PID, "VmRSS") << 10
	for _, p := range processes() {
		if p.parent == s.PID {
			w.Children++
		}
	}
	return w
}

// descriptors returns what the open descriptors of a process are.
func descriptors(t *testing.T, pid int) (list []string) {
	t.Helper()
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil {
			list = append(list, target)
		}
	}
	return list
}

// statusField returns a number of /proc/PID/status.
func statusField(t *testing.T, pid int, name string) int64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		if value, ok := strings.CutPrefix(string(line), name+":"); ok {
			n, err := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("/proc/%d/status has no %q", pid, name)
	return 0
}

// TestMasterDoesNotGrow restarts an idle service back to back. The master of the
// older library did not live through 36 of these.
func TestMasterDoesNotGrow(t *testing.T) {
	t.Parallel()
	total := 500
	if testing.Short() {
		total = 150
	}
	path := filepath.Join(t.TempDir(), "weight")
	s := startService(t, weighed, env("TEST_WEIGHT", path))
	s.live(1)
	restarts := func(n int, most weight) (w weight) {
		for range n {
			s.restart()
		}
		// What served the last process ends moments after its end is in the
		// log. What does not is counted below.
		within(10*time.Second, func() bool {
			w = weigh(t, s, path)
			return w.Children <= 1 && w.Goroutines <= most.Goroutines && w.Descriptors <= most.Descriptors
		})
		return w
	}
	before := restarts(20, weight{Goroutines: math.MaxInt, Descriptors: math.MaxInt})
	middle := restarts(total/5-20, before)
	after := restarts(total-total/5, before)
	t.Logf("after 20: %+v", light(before))
	t.Logf("after %d: %+v", total/5, light(middle))
	t.Logf("after %d: %+v", total, light(after))

	memory := int64(24 << 20)
	if underRace {
		memory = math.MaxInt64 - middle.Resident // the detector's own grows with what it has seen
	}
	for _, c := range []struct {
		what          string
		before, after int64
		allowed       int64
		explanation   string
	}{
		{"goroutines", int64(before.Goroutines), int64(after.Goroutines), 0, after.Stacks},
		{"descriptors", int64(before.Descriptors), int64(after.Descriptors), 0, strings.Join(descriptors(t, s.PID), "\n")},
		{"children", int64(before.Children), int64(after.Children), 0, ""},
		// The runtime makes a thread where one is blocked in the kernel, and
		// keeps it: a chance event, so there are some more, but not one for
		// each so many restarts.
		{"threads", int64(before.Threads), int64(after.Threads), 8, ""},
		{"bytes of heap", middle.Heap, after.Heap, 256 << 10, ""},
		{"bytes of memory", middle.Resident, after.Resident, memory, ""},
	} {
		if c.after > c.before+c.allowed {
			t.Errorf("%s: %d, then %d after all restarts, want at most %d more\n%s", c.what, c.before, c.after, c.allowed, c.explanation)
		}
	}
	s.stop()
}

// light is a weight without the stacks.
func light(w weight) weight {
	w.Stacks = ""
	return w
}

// TestMasterEndsWhatItBegan counts the processes that a service leaves.
func TestMasterEndsWhatItBegan(t *testing.T) {
	t.Parallel()
	s := startService(t, web)
	s.live(1)
	for range 5 {
		s.restart()
	}
	s.stop()
	if left := session(s.PID); len(left) != 0 {
		t.Errorf("processes %v are left after the stop, want none", left)
	}
}
