//go:build unix

package loadtest

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestKindOfErrno(t *testing.T) {
	for _, row := range []struct {
		errno                 syscall.Errno
		dial, fresh, kept, in Kind
	}{
		{syscall.ECONNREFUSED, Refused, Other, Other, Other},
		{syscall.EAGAIN, Refused, Other, Other, Other},
		{syscall.ECONNRESET, Reset, Reset, CutUnderRequest, ShortBody},
		{syscall.EPIPE, Reset, Reset, CutUnderRequest, ShortBody},
		{syscall.ETIMEDOUT, Timeout, Timeout, Timeout, Timeout},
		{syscall.EADDRNOTAVAIL, ClientLimit, Other, Other, Other},
		{syscall.EMFILE, ClientLimit, Other, Other, Other},
		{syscall.ENFILE, ClientLimit, Other, Other, Other},
		{syscall.ENOBUFS, ClientLimit, Other, Other, Other},
		{syscall.ENOENT, Refused, Other, Other, Other},
		{syscall.EACCES, Other, Other, Other, Other},
	} {
		err := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", row.errno)}
		got := [4]Kind{dialFailed(err).Kind, unanswered("x", false, err).Kind, unanswered("x", true, err).Kind, unfinished("x", err).Kind}
		if want := [4]Kind{row.dial, row.fresh, row.kept, row.in}; got != want {
			t.Errorf("%v: got %v, want %v", row.errno, got, want)
		}
	}
}

// TestLook shows that what is right before the eyes of the kernel is seen,
// with no wait and without taking a byte.
func TestLook(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, failure := dial("tcp", l.Addr().String(), time.Now().Add(time.Minute))
	if failure != nil {
		t.Fatal(failure)
	}
	defer near.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()

	if got := near.state(); got != quiet {
		t.Fatalf("an open connection is %v, want quiet", got)
	}
	io.WriteString(far, "x")
	until := time.Now().Add(time.Minute)
	if got := near.idle(t.Context(), until); got != spoke || near.state() != spoke {
		t.Fatalf("a byte arrived: %v, then %v; want spoke", got, near.state())
	}
	if b, err := near.in.ReadByte(); b != 'x' || err != nil {
		t.Fatalf("read %q, %v; want the byte that was looked at", b, err)
	}
	far.Close()
	if got := near.idle(t.Context(), until); got != closed || near.state() != closed {
		t.Fatalf("the server closed: %v, then %v; want closed", got, near.state())
	}
}

const limitedEnv = "LOADTEST_LIMITED_ADDRESS"

// TestOwnLimit makes a child whose descriptors are used up, and wants it to
// blame itself.
func TestOwnLimit(t *testing.T) {
	if address := os.Getenv(limitedEnv); address != "" {
		limited(address)
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestOwnLimit$")
	child.Env = append(os.Environ(), limitedEnv+"="+l.Addr().String(), "GORACE=atexit_sleep_ms=0")
	out, err := child.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "3 failed, 3 by its own limit") {
		t.Fatalf("child: %v, output:\n%s", err, out)
	}
}

func limited(address string) {
	// The first dial sets up what the runtime needs for the network.
	first, err := net.Dial("tcp", address)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer first.Close()
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: 3}); err != nil {
		fmt.Println(err)
		return
	}
	load, err := Start(context.Background(), Config{Address: address, Clients: 1, Requests: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	<-load.Done()
	report := load.Stop()
	fmt.Printf("%d failed, %d by its own limit\n%v", report.Failed, report.Failures[ClientLimit], report)
}
