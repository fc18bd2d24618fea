//go:build linux

package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

// Children are this test binary; the variable says what they are. They end when
// their standard input does, which is when the test does.
const roleVariable = "OVERSEER_CLI_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "":
		os.Exit(m.Run())
	case "master":
		beMaster()
	case "command":
		os.Exit(Main(context.Background(), Standard("overseer"), os.Args[1:]))
	case "worker":
		fmt.Println("ready", os.Getpid())
		io.Copy(io.Discard, os.Stdin)
	}
	os.Exit(0)
}

// beMaster serves a master that runs nothing, named by TEST_NAME, at TEST_SOCKET,
// and has one worker.
func beMaster() {
	socket, name := os.Getenv("TEST_SOCKET"), os.Getenv("TEST_NAME")
	l, err := net.Listen("unix", socket)
	if err != nil {
		panic(err)
	}
	m := admintest.New()
	m.ChangeStatus(func(s *admin.Status) { s.Name, s.Binary, s.PID = name, "/srv/"+name, os.Getpid() })
	s := admin.NewServer(m, admin.Options{})
	go s.Serve(l, admin.Access{Peer: true})
	worker := exec.Command("/proc/self/exe")
	worker.Env = append(os.Environ(), roleVariable+"=worker")
	stdin, _ := worker.StdinPipe()
	out, _ := worker.StdoutPipe()
	if err := worker.Start(); err != nil {
		panic(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	fmt.Print(line) // "ready PID" of the worker
	io.Copy(io.Discard, os.Stdin)
	stdin.Close()
	worker.Wait()
	s.Close(time.Second)
}

// A child is a process that serves as a master, and its worker.
type child struct{ pid, worker int }

// startMaster starts one in a directory; before are arguments of the command that
// runs it, such as unshare.
func startMaster(t *testing.T, name, socket, dir string, before ...string) child {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append(before, self)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), roleVariable+"=master", "TEST_SOCKET="+socket, "TEST_NAME="+name, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the child says %q: %v", line, err)
	}
	worker, err := strconv.Atoi(strings.TrimPrefix(strings.TrimSpace(line), "ready "))
	if err != nil {
		t.Fatal(err)
	}
	return child{cmd.Process.Pid, worker}
}

// anywhere is an Env that has to find its master.
func anywhere() Env { return Env{Program: "overseer"} }

func TestFinds(t *testing.T) {
	dir := shortDir(t)
	own := filepath.Base(dir) // no other test that runs has these names
	n1, n2, n3, n4 := "one"+own, "two"+own, "three"+own, "four"+own
	one := startMaster(t, n1, filepath.Join(dir, "one.sock.d", "admin.sock"), mkdir(t, dir, "one.sock.d"))
	two := startMaster(t, n2, filepath.Join(dir, "two", "admin-77.sock"), mkdir(t, dir, "two"))
	rel := startMaster(t, n3, "admin.sock", mkdir(t, dir, strings.Repeat("long", 30)))
	dead := deadSocket(t, mkdir(t, dir, "dead"))

	for _, row := range []struct {
		args string
		code int
		want string
	}{
		{"--name " + n1, ExitDone, n1 + " is serving"},
		{"--name /srv/" + n2, ExitDone, n2 + " is serving"},
		{"--name " + n3, ExitDone, n3 + " is serving"},
		{fmt.Sprintf("--pid %d", one.pid), ExitDone, n1 + " is serving"},
		{fmt.Sprintf("--pid %d", two.worker), ExitDone, n2 + " is serving"},
		{fmt.Sprintf("--pid %d", rel.worker), ExitDone, n3 + " is serving"},
		{"--socket " + filepath.Join(dir, "two", "admin-77.sock"), ExitDone, n2 + " is serving"},
		{"--socket " + filepath.Join(dir, strings.Repeat("long", 30), "admin.sock"), ExitDone, n3 + " is serving"},
		{"--socket " + dead, ExitNotFound, "has ended"},
		{fmt.Sprintf("--pid %d", os.Getpid()), ExitNotFound, "belongs to no master"},
		{"--pid 2147483647", ExitNotFound, "there is no process"},
		{"--name " + n4, ExitNotFound, "no running master is called"},
		{"", ExitNotFound, "add --name, --pid or --socket"},
	} {
		got := runIn(t, anywhere(), append([]string{"status"}, strings.Fields(row.args)...)...)
		if got.code != row.code || !strings.Contains(got.out+got.err, row.want) {
			t.Errorf("status %s: code %d, want %d, and %q in:\n%s%s", row.args, got.code, row.code, row.want, got.out, got.err)
		}
		if row.args == "" && (!strings.Contains(got.err, fmt.Sprintf("--pid %d", one.pid)) || strings.Contains(got.err, dead)) {
			t.Errorf("the list is\n%s", got.err)
		}
	}
	got := runIn(t, anywhere(), "list", "--json")
	for _, name := range []string{n1, n2, n3} {
		if !strings.Contains(got.out, `"name": "`+name+`"`) {
			t.Errorf("list has no %s:\n%s", name, got.out)
		}
	}
	if strings.Contains(got.out, dead) {
		t.Errorf("list has a dead socket:\n%s", got.out)
	}
}

// Two of the same name are told apart by their numbers.
func TestSameName(t *testing.T) {
	dir := shortDir(t)
	name := "same" + filepath.Base(dir) // of no other test that runs
	a := startMaster(t, name, "admin.sock", mkdir(t, dir, "a"))
	startMaster(t, name, "admin.sock", mkdir(t, dir, "b"))
	got := runIn(t, anywhere(), "status", "--name", name)
	if got.code != ExitNotFound || !strings.Contains(got.err, "2 running masters are called") || !strings.Contains(got.err, fmt.Sprintf("--pid %d", a.pid)) {
		t.Errorf("code %d: %s", got.code, got.err)
	}
}

// Anybody's master can be in the list, and calls itself what it likes.
func TestNamesCannotForgeTheList(t *testing.T) {
	forged := "\n  --name app --pid 1 /run/app/admin.sock\x1b[2J"
	err := several("two", "add one", []found{
		{socket: "/a/admin.sock", status: admin.Status{Name: "app" + forged}},
		{socket: "/b/admin.sock", err: errors.New("refused" + forged)},
	})
	if got := err.Error(); strings.Count(got, "\n") != 2 || strings.ContainsRune(got, '\x1b') {
		t.Errorf("the list is %q", got)
	}
}

// A master in a mount and a network namespace of its own is reached all the same.
func TestFindsInAnotherNamespace(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make namespaces")
	}
	dir := shortDir(t)
	hidden := mkdir(t, dir, "hidden")
	name := "inside" + filepath.Base(dir)
	script := `mount -t tmpfs none "$0" && exec "$@"`
	c := startMaster(t, name, filepath.Join(hidden, "admin.sock"), "/", "unshare", "--mount", "--net", "--", "sh", "-c", script, hidden)
	if _, err := os.Lstat(filepath.Join(hidden, "admin.sock")); err == nil {
		t.Fatal("the socket is seen here too: the test shows nothing")
	}
	for _, args := range [][]string{{"--name", name}, {"--pid", strconv.Itoa(c.worker)}} {
		if got := runIn(t, anywhere(), append([]string{"status"}, args...)...); got.code != ExitDone || !strings.HasPrefix(got.out, name+" is serving") {
			t.Errorf("%q: code %d: %s%s", args, got.code, got.out, got.err)
		}
	}
}

func mkdir(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// deadSocket leaves a socket that nobody listens on.
func deadSocket(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "admin.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	return path
}

func TestSocketTable(t *testing.T) {
	table := filepath.Join(t.TempDir(), "unix")
	text := `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 23421 /srv/.app.overseer/admin.sock
0000000000000000: 00000003 00000000 00000000 0001 03   812 /srv/.app.overseer/admin.sock
0000000000000000: 00000002 00000000 00010000 0001 01   813 /with two  blanks/admin-12.sock
0000000000000000: 00000002 00000000 00010000 0001 01   814 /run/other.sock
0000000000000000: 00000002 00000000 00010000 0001 01   815 /x/admin-.sock
0000000000000000: 00000002 00000000 00010000 0001 01   817 /run/overseer/admin-my-app-19.sock
0000000000000000: 00000002 00000000 00010000 0001 01   816
garbage
`
	if err := os.WriteFile(table, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	in := readListening(table)
	if len(in) != 3 || in[817] == "" || in[23421] != "/srv/.app.overseer/admin.sock" || in[813] != "/with two  blanks/admin-12.sock" {
		t.Errorf("read %v", in)
	}
}

// Anybody may give a socket any name.
func FuzzSocketTable(f *testing.F) {
	for _, text := range []string{
		"", "Num       RefCount Protocol Flags    Type St Inode Path\n", "0000000000000000: 00000002 00000000 00010000 0001 01 23421 /srv/.app.overseer/admin.sock\n",
		"0: 2 0 00010000 1 1 7 @admin.sock\n0: 2 0 00010000 1 1   7 /a\nadmin.sock", "0: 2 0 ffffffff 1 1 18446744073709551616 /admin-1.sock", "\x00\n \n", "0: 2 0 00010000 1 1 9 /x/admin--.sock",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		table := filepath.Join(t.TempDir(), "unix")
		if err := os.WriteFile(table, text, 0o600); err != nil {
			t.Fatal(err)
		}
		for inode, path := range readListening(table) {
			if !isAdmin(path) || strings.Contains(path, "\n") {
				t.Errorf("socket %d is %q", inode, path)
			}
			found{socket: path, path: path}.name()
		}
	})
}

// Whoever may not come in is told so: code 6.
func TestNotAllowed(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to be somebody else")
	}
	b := newBench(t)
	if err := os.Chmod(b.socket, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(b.socket), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []os.FileMode{0o777, 0o700} { // refused by the master; by the kernel
		if err := os.Chmod(b.socket, mode); err != nil {
			t.Fatal(err)
		}
		got := runAs(t, 65534, b.socket)
		if got.code != ExitNotAllowed || !strings.Contains(got.err, "sudo") {
			t.Errorf("mode %o: code %d: %s%s", mode, got.code, got.out, got.err)
		}
	}
}
