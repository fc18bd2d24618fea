//go:build linux

package overseer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
	"golang.org/x/sys/unix"
)

// This file holds the clients of services under a booted systemd.

// dial connects over the network that the services have: a socket belongs to the
// namespace of the thread that makes it.
func (b *booted) dial(t *testing.T, network, address string) (net.Conn, error) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	outside, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	inside, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", b.PID))
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close()
	if err := unix.Setns(int(inside.Fd()), unix.CLONE_NEWNET); err != nil {
		t.Fatal(err)
	}
	conn, dialErr := net.DialTimeout(network, address, bound)
	if err := unix.Setns(int(outside.Fd()), unix.CLONE_NEWNET); err != nil {
		panic(err) // the thread would go on in there
	}
	return conn, dialErr
}

// insideLoad is a load that runs inside. It ends with its standard input, and
// prints what it has seen.
var insideLoad = register("load inside", func() {
	load, err := loadtest.Start(context.Background(), loadtest.Config{
		Network: os.Getenv("TEST_NETWORK"), Address: os.Getenv("TEST_ADDRESS"), Mode: loadtest.NewConnection,
		Clients: 8, Think: time.Millisecond, RequestTimeout: bound,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	io.Copy(io.Discard, os.Stdin)
	r := load.Stop()
	seen := loadReport{Requests: r.Requests, Failed: r.Failed, Refused: r.Failures[loadtest.Refused], Text: r.String(), Versions: len(r.ByVersion)}
	json.NewEncoder(os.Stdout).Encode(seen)
})

type loadReport struct {
	Requests, Failed, Refused int64
	Versions                  int
	Text                      string
}

// load starts one; the function that it returns ends it.
func (b *booted) load(t *testing.T, network, address string) func() loadReport {
	t.Helper()
	usedPrograms.Store(insideLoad, true)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("nsenter", "-t", strconv.Itoa(b.PID), "--net", "--", exe)
	cmd.Env = append(os.Environ(), programVariable+"="+insideLoad, "TEST_NETWORK="+network, "TEST_ADDRESS="+address)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	end := func() (r loadReport) {
		if ended {
			return r
		}
		ended = true
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("load inside: %v", err)
		}
		if err := json.Unmarshal([]byte(out.String()), &r); err != nil {
			t.Errorf("load inside: %v: %q", err, out.String())
		}
		return r
	}
	t.Cleanup(func() { end() })
	return end
}
