//go:build linux || freebsd || darwin

package admin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer/admin"
)

const nobody = 65534

func init() { children["status"] = statusChild }

// statusChild asks for the status, and then gives an order.
func statusChild() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := admin.Dial(os.Getenv("ADMIN_TEST_SOCKET"))
	status, err := c.Status(ctx)
	if err != nil {
		return err
	}
	if _, err := c.Restart(ctx, admin.Order{}); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(status)
}

// asOther is a child that runs as another user: a copy of the test binary, as
// that itself is in a folder of the user who tests. It ends with the test.
func asOther(t *testing.T, uid uint32, child, socket string) *exec.Cmd {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("it takes root to be another user")
	}
	dir := shortDir(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "child")
	copyFile(t, "/proc/self/exe", program)
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Dir = dir
	cmd.Env = []string{childKey + "=" + child, "ADMIN_TEST_SOCKET=" + socket, "GORACE=atexit_sleep_ms=0"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	return cmd
}

// output runs a child to its end.
func output(cmd *exec.Cmd) (string, error) {
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	// No child of another test may hold the copy open for writing while it is
	// executed: golang/go#22315.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	in, err := os.Open(from)
	if err != nil {
		t.Skipf("this system does not show the test binary: %v", err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
}

// openSocket serves on a socket that each user may connect to.
func openSocket(t *testing.T, s *service) string {
	t.Helper()
	path := s.onUnix(t)
	for name, mode := range map[string]os.FileMode{filepath.Dir(path): 0o755, path: 0o666} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// Another user is told so, even where the rights of the socket would let it in,
// and no order of its reaches the master.
func TestOtherUserIsRefused(t *testing.T) {
	s := newService(admin.Bounds{})
	path := openSocket(t, s)
	out, err := output(asOther(t, nobody, "status", path))
	if err == nil || !strings.Contains(out, "this socket is for root") || !strings.Contains(out, "403") {
		t.Errorf("the child of another user: got error %v, output %s", err, out)
	}
	if n := len(s.master.Orders()) + s.master.Calls("Status"); n != 0 {
		t.Errorf("the master had %d calls", n)
	}
	if out, err := output(asOther(t, 0, "status", path)); err != nil || !strings.Contains(out, `"name":"app"`) {
		t.Errorf("the child of the same user: got error %v, output %s", err, out)
	}
	want := admin.UserOf(0)
	if orders := s.master.Orders(); len(orders) != 1 || orders[0].Order.Actor != want {
		t.Errorf("orders: got %+v, want one of %q", orders, want)
	}
}

// What other users hold open takes no place of those who may come in.
func TestStrangersTakeNoPlaces(t *testing.T) {
	s := newService(admin.Bounds{Conns: 1})
	path := openSocket(t, s)
	cmd := asOther(t, nobody, "hold", path)
	in, err := cmd.StdinPipe()
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
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	held := 0
	if _, err := fmt.Fscan(out, &held); err != nil || held == 0 {
		t.Fatalf("the child of another user holds %d connections, error %v", held, err)
	}
	if _, err := admin.Dial(path).Status(bounded(t)); err != nil {
		t.Errorf("with %d connections of another user: %v", held, err)
	}
}

func init() { children["hold"] = holdChild }

// holdChild connects often and says nothing, until its standard input ends.
func holdChild() error {
	n := 0
	for range 40 {
		if c, err := net.Dial("unix", os.Getenv("ADMIN_TEST_SOCKET")); err == nil {
			n++
			defer c.Close()
		}
	}
	fmt.Println(n)
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}
