//go:build linux

package overseer_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
)

// bystander is a child of the program's own: it writes down what it has
// inherited, and lives on.
var bystander = register("bystander", func() {
	own := inheritance{Starter: os.Getenv("TEST_STARTER")}
	links, _ := filepath.Glob("/proc/self/fd/*")
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil {
			own.Descriptors = append(own.Descriptors, filepath.Base(link)+" "+target)
		}
	}
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "OVERSEER") {
			own.Variables = append(own.Variables, v)
		}
	}
	text, _ := json.Marshal(own)
	f, err := os.OpenFile(os.Getenv("TEST_INHERITANCE"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err == nil {
		f.Write(append(text, '\n'))
		f.Close()
	}
	time.Sleep(time.Hour) // until the test ends it
})

// An inheritance is what a bystander has found.
type inheritance struct {
	Starter     string
	Descriptors []string // number and target
	Variables   []string // OVERSEER…
}

// startBystander starts a child as a careless program does.
func startBystander(starter string) {
	path, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(path)
	cmd.Env = append(os.Environ(), programVariable+"="+bystander, "TEST_STARTER="+starter)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		panic(err)
	}
}

// breeder starts children wherever it runs.
var breeder = register("breeder", func() {
	startBystander("main of " + strconv.Itoa(os.Getpid()))
	c := webConfig()
	c.Addresses, c.Address = []string{c.Address, "udp://127.0.0.1:0"}, ""
	c.Program = func(s overseer.State) {
		startBystander("program of generation " + strconv.Itoa(s.Generation))
		go s.PacketConns[0].ReadFrom(make([]byte, 1))
		serveWeb(s)
	}
	overseer.Run(c)
})

// TestNothingLeaksIntoChildren has children started in the master, in workers
// and in a preflight. In the older library one of them kept the port.
func TestNothingLeaksIntoChildren(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "inheritance")
	usedPrograms.Store(bystander, true)
	s := startService(t, breeder, env("TEST_INHERITANCE", file))
	s.live(1)
	s.restart()
	publish(t, s.Next, plan{Version: "2"})
	s.await(1, "msg=committed")
	address := s.Address()

	// One of the master's main, two of each of three generations, one of the
	// preflight's main.
	const children = 8
	var found []inheritance
	eventually(t, "reports of all children", func() bool {
		found = inheritances(t, file)
		return len(found) >= children
	})
	s.stop()
	if left := session(s.PID); len(left) < children {
		t.Fatalf("%d children live after the stop, want all %d", len(left), children)
	}
	for _, network := range []string{"tcp", "udp"} {
		if err := bindOnce(network, address); err != nil {
			t.Errorf("%s %s is still held after the stop: %v", network, address, err)
		}
	}
	for _, in := range found {
		if len(in.Variables) != 0 {
			t.Errorf("child of %s: environment holds %q, want nothing of overseer", in.Starter, in.Variables)
		}
		for _, d := range in.Descriptors {
			if !innocent(d) {
				t.Errorf("child of %s: has inherited descriptor %s", in.Starter, d)
			}
		}
	}
}

// innocent reports whether a descriptor is a standard one, is none by which
// somebody else can be held up, or was open already in the test's own process.
func innocent(descriptor string) bool {
	number, target, _ := strings.Cut(descriptor, " ")
	links, _ := filepath.Glob("/proc/self/fd/*")
	for _, link := range links {
		if own, err := os.Readlink(link); err == nil && own == target {
			return true
		}
	}
	socket, pipe := strings.HasPrefix(target, "socket:"), strings.HasPrefix(target, "pipe:")
	if number == "0" || number == "1" || number == "2" {
		return !socket
	}
	return !socket && !pipe && !strings.Contains(target, "/app") && !strings.Contains(target, ".overseer")
}

func inheritances(t *testing.T, file string) (list []inheritance) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var in inheritance
		if err := json.Unmarshal([]byte(line), &in); err != nil {
			return list // being written
		}
		list = append(list, in)
	}
	return list
}

// bindOnce binds an address and lets it go.
func bindOnce(network, address string) error {
	if network == "udp" {
		conn, err := net.ListenPacket(network, address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	return l.Close()
}

// named answers with what it is called.
var named = register("named", func() {
	c := webConfig()
	c.Program = func(s overseer.State) {
		announce(s)
		s.Serve(&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			executable, _ := os.Executable()
			comm, _ := os.ReadFile("/proc/self/comm")
			json.NewEncoder(w).Encode(names{
				Generation: s.Generation,
				Args0:      os.Args[0],
				BinPath:    s.BinPath,
				Executable: executable,
				Comm:       strings.TrimSpace(string(comm)),
				ID:         s.ID,
				Digest:     s.Digest,
			})
		})})
	}
	overseer.Run(c)
})

type names struct {
	Generation                       int
	Args0, BinPath, Executable, Comm string
	ID, Digest                       string
}

func askNames(t *testing.T, s *service) (n names) {
	t.Helper()
	if err := json.Unmarshal([]byte(request(t, "tcp", s.Address())), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestWorkerIsCalledByItsInstalledPath looks at a program that finds its files
// by its own path, and at the operator who looks for it by name.
func TestWorkerIsCalledByItsInstalledPath(t *testing.T) {
	t.Parallel()
	s := startService(t, named, env("TEST_PROBATION", "5s"))
	s.live(1)
	want := func(when string, n names, generation int, executable func(string) bool) {
		t.Helper()
		if n.Generation != generation || n.Args0 != s.Binary || n.BinPath != s.Binary || n.Comm != "app" || !executable(n.Executable) {
			t.Errorf("%s: %+v, want generation %d of %q", when, n, generation, s.Binary)
		}
	}
	installed := func(path string) bool { return path == s.Binary }
	want("at the start", askNames(t, s), 1, installed)
	s.restart()
	want("after a restart", askNames(t, s), 2, installed)

	publish(t, s.Next, plan{Version: "2"})
	s.await(1, "msg=trial")
	var during names
	eventually(t, "an answer of the release on trial", func() bool {
		during = askNames(t, s)
		return during.Generation == 3
	})
	if s.count("msg=committed") != 0 {
		t.Fatal("the trial of 5 s was over before the program could be asked once")
	}
	want("on trial", during, 3, func(path string) bool {
		return path != s.Binary && filepath.Dir(path) == s.Dir
	})
	s.await(1, "msg=committed")
	want("after the commit", askNames(t, s), 3, installed)
	s.await(2, "msg=gone")
	s.restart()
	want("after the next restart", askNames(t, s), 4, installed)
	s.stop()
}

// TestProcessTableShowsTheInstalledPath is for the operator who types ps or
// pgrep -f.
func TestProcessTableShowsTheInstalledPath(t *testing.T) {
	t.Parallel()
	s := startService(t, web)
	s.live(1)
	for _, pid := range []int{s.PID, s.pidOf(1)} {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimRight(string(line), "\x00"); got != s.Binary {
			t.Errorf("command line of %d is %q, want %q", pid, got, s.Binary)
		}
	}
	s.stop()
}
