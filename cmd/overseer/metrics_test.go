//go:build unix

package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

// The exporter as users run it: before its master is there, while it is, and to
// its end.
func TestMetrics(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	c, _ := child(t, "metrics", "--socket", path, "--listen", "127.0.0.1:0")
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	deadline := time.AfterFunc(2*time.Minute, func() { c.Process.Kill() })
	defer deadline.Stop()
	t.Cleanup(func() { c.Process.Kill() }) // a failure leaves nothing behind
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		c.Wait()
		t.Fatalf("%v: %s", err, stderr.String())
	}
	url := strings.TrimSpace(line)
	if page := scraped(t, url); !strings.Contains(page, "\noverseer_up 0\n") {
		t.Errorf("without a master:\n%s", page)
	}

	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := admin.NewServer(admintest.New(), admin.Options{})
	served := make(chan error, 1)
	go func() { served <- server.Serve(l, admin.Access{Peer: true}) }()
	defer func() {
		server.Close(10 * time.Second)
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()
	if page := scraped(t, url); !strings.Contains(page, "\noverseer_up 1\n") || !strings.Contains(page, "\noverseer_generation 1\n") {
		t.Errorf("with a master:\n%s", page)
	}

	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil || stderr.Len() > 0 {
		t.Errorf("%v: %s", err, stderr.String())
	}
}

func scraped(t *testing.T, url string) string {
	t.Helper()
	client := http.Client{Timeout: time.Minute}
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", res.StatusCode, err)
	}
	return string(page)
}

func TestMetricsUsage(t *testing.T) {
	for _, args := range [][]string{{"metrics", "now"}, {"metrics", "--timeout", "-1s"}} {
		c, _ := child(t, args...)
		out, _ := c.CombinedOutput() // the code says it
		if code := c.ProcessState.ExitCode(); code != exitUsage {
			t.Errorf("%v: code %d, want %d: %s", args, code, exitUsage, out)
		}
	}
}
