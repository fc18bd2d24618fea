//go:build linux

package overseer_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
)

// unitProgram is the program of the units: the web service, on the addresses that
// the unit gives it.
var unitProgram = register("unit", func() {
	c := webConfig()
	c.Address, c.Addresses = "", strings.Fields(os.Getenv("TEST_ADDRESSES"))
	c.Program = func(s overseer.State) {
		fmt.Fprintf(os.Stderr, "program begins generation=%d uid=%d addresses=%v datagrams=%d notify=%q listen=%q\n", s.Generation, os.Getuid(),
			s.Addresses, len(s.PacketConns), os.Getenv("NOTIFY_SOCKET"), os.Getenv("LISTEN_FDS"))
		if gate := os.Getenv("TEST_GATE"); gate != "" {
			if f, err := os.Open(gate); err == nil { // returns when somebody opens it for writing
				f.Close()
			}
		}
		time.Sleep(envDuration("TEST_SLOW_START", 0)) // a program may take its time
		serveWeb(s)
	}
	overseer.Run(c)
})

// A unit is a service of a booted systemd, made of the files in docs/systemd.
type unit struct {
	*service // its journal
	b        *booted
	t        *testing.T
	name     string
	next     string // where it looks for releases, outside
}

// unitOptions say what is added to the files.
type unitOptions struct {
	dropIns   []string // of docs/systemd
	settings  string   // lines of [Service]
	addresses string
}

// newUnit installs a unit and starts nothing.
func (b *booted) newUnit(t *testing.T, name string, o unitOptions) *unit {
	t.Helper()
	usedPrograms.Store(unitProgram, true)
	dir := filepath.Join(b.Dir, name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	u := &unit{b: b, t: t, name: name, next: filepath.Join(dir, "next")}
	writeRelease(t, filepath.Join(dir, "app"), plan{Version: "1"})
	b.writeUnit(name+".service", shipped(t, "app.service", name))
	for _, file := range o.dropIns {
		b.writeUnit(name+".service.d/"+file, shipped(t, file, name))
	}
	b.writeUnit(name+".service.d/test.conf", fmt.Sprintf(`[Unit]
StartLimitIntervalSec=0
[Service]
Environment=%s=%s GORACE=atexit_sleep_ms=0
Environment="TEST_ADDRESSES=%s" TEST_PROBATION=100ms TEST_NEXT=%s/%s/next
%s`, programVariable, unitProgram, o.addresses, share, name, o.settings))
	b.systemctl(t, "daemon-reload")
	u.service = b.follow(t, name)
	t.Cleanup(func() { b.trySystemctl("kill", "-s", "KILL", name); b.trySystemctl("stop", name) })
	return u
}

// shipped returns a file of docs/systemd, made the test's own: the user of the
// example becomes one that each host has, its names the unit's.
func shipped(t *testing.T, file, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("docs/systemd", file))
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(
		"/usr/lib/app/", share+"/"+name+"/",
		"/var/lib/app", "/var/lib/"+name,
		"Directory=app", "Directory="+name,
		"User=app", "User=daemon",
		"Group=app", "Group=daemon",
	).Replace(string(text))
}

func (u *unit) start() { u.t.Helper(); u.b.systemctl(u.t, "start", u.name) }

func (u *unit) show(property string) string {
	u.t.Helper()
	return u.b.show(u.t, u.name+".service", property)
}

// becomes waits until a property has a value; of a text, until it contains it.
func (u *unit) becomes(property, want string) {
	u.t.Helper()
	eventually(u.t, fmt.Sprintf("%s of %s is %q", property, u.name, want), func() bool {
		got := u.show(property)
		return got == want || property == "StatusText" && strings.Contains(got, want)
	})
}

// get asks for a page over a new connection.
func (u *unit) get(network, address, path string) string {
	u.t.Helper()
	conn, err := u.b.dial(u.t, network, address)
	if err != nil {
		u.t.Fatal(err)
	}
	return askPage(u.t, conn, path)
}

func askPage(t *testing.T, conn net.Conn, path string) string {
	t.Helper()
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(bound))
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", path)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// restarts returns how often systemd has started the service anew.
func (u *unit) restarts() int {
	u.t.Helper()
	n, err := strconv.Atoi(u.show("NRestarts"))
	if err != nil {
		u.t.Fatal(err)
	}
	return n
}

// restartedBySystemd waits until systemd has started the service anew, so many
// times in all at least, and it is live.
func (u *unit) restartedBySystemd(n int) {
	u.t.Helper()
	eventually(u.t, fmt.Sprintf("%s was started anew %d times", u.name, n), func() bool {
		return u.restarts() >= n && u.show("ActiveState") == "active"
	})
}

// lossless ends a load of which nothing may be lost.
func lossless(t *testing.T, what string, end func() loadReport) loadReport {
	t.Helper()
	r := end()
	if r.Failed != 0 || r.Requests == 0 {
		t.Errorf("%s: %d of %d requests failed, %d of them refused, want none of many:\n%s", what, r.Failed, r.Requests, r.Refused, r.Text)
	}
	t.Logf("%s: %d requests, %d failed", what, r.Requests, r.Failed)
	return r
}

// path is a path inside, as seen from outside.
func (b *booted) path(inside string) string {
	return fmt.Sprintf("/proc/%d/root%s", b.PID, inside)
}

func makeFifo(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil { // whatever the umask
		t.Fatal(err)
	}
}

// openGate lets one that waits at a FIFO go on.
func openGate(t *testing.T, path string) {
	t.Helper()
	eventually(t, "somebody waits at "+path, func() bool {
		f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			f.Close()
		}
		return err == nil
	})
}
