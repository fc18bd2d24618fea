//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A served is a release server that was started by its command.
type served struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines chan map[string]any
	url   string
}

// serve starts one, and waits until its first generation serves.
func (b *bench) serve() *served {
	b.t.Helper()
	c, _ := child(b.t, "release", "serve", "DIR", "--listen", "127.0.0.1:0")
	c.Dir = b.dir
	out, err := c.StderrPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.t.Fatal(err)
	}
	bound := time.AfterFunc(2*time.Minute, func() { c.Process.Kill() })
	b.t.Cleanup(func() {
		bound.Stop()
		c.Process.Kill() // where the test has not ended it: its workers see that
		c.Wait()
	})
	s := &served{t: b.t, cmd: c, lines: make(chan map[string]any, 1000)}
	go func() { // ends with the process, and its workers
		defer close(s.lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			var m map[string]any
			if json.Unmarshal(scan.Bytes(), &m) == nil {
				s.lines <- m
			}
		}
	}()
	s.url = "http://" + s.await("serving")["address"].(string)
	return s
}

// await returns the next line of the log with a message.
func (s *served) await(message string) map[string]any {
	s.t.Helper()
	for m := range s.lines {
		if m["msg"] == message {
			return m
		}
	}
	s.t.Fatalf("the server ended, and never said %q", message)
	return nil
}

func (s *served) get(name string) (*http.Response, string) {
	s.t.Helper()
	r, err := http.Get(s.url + "/" + name)
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return r, string(body)
}

// The server runs under overseer: it starts anew on a signal, on the same
// address, and ends in good order.
func TestReleaseServe(t *testing.T) {
	b := newBench(t)
	b.publish("1.0.0", "")
	s := b.serve()
	if r, body := s.get("stable.json"); r.StatusCode != 200 || !strings.Contains(body, `"1.0.0"`) {
		t.Errorf("the manifest: %v %q", r.Status, body)
	}
	if r, _ := s.get(".overseer/settings.json"); r.StatusCode != 404 {
		t.Errorf("the settings: %v", r.Status)
	}
	if out, _ := b.release(0, "verify "+s.url+"/stable.json --pub release.pub"); !strings.Contains(out, "all is as it was signed") {
		t.Errorf("verify over HTTP: %s", out)
	}
	if out, _ := b.release(0, "show "+s.url+"/"); !strings.Contains(out, "version    1.0.0") {
		t.Errorf("show over HTTP: %s", out)
	}
	b.release(1, "show "+s.url+"/none.json")

	if err := s.cmd.Process.Signal(syscall.SIGUSR2); err != nil {
		t.Fatal(err)
	}
	if m := s.await("serving"); m["generation"] != 2.0 || "http://"+m["address"].(string) != s.url {
		t.Errorf("the next generation: %v", m)
	}
	b.publish("1.1.0", "")
	if r, body := s.get("stable.json"); r.StatusCode != 200 || !strings.Contains(body, `"1.1.0"`) {
		t.Errorf("the next manifest: %v %q", r.Status, body)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for range s.lines { // until all have ended
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

func TestReleaseServeRefuses(t *testing.T) {
	b := newBench(t)
	for _, row := range []struct {
		line string
		code int
		want string
	}{
		{"serve", exitUsage, "want DIR"},
		{"serve NONE", exitFailed, "want a release directory"},
		{"serve DIR --tls-cert x.pem", exitUsage, "go together"},
	} {
		if _, errs := b.release(row.code, row.line); !strings.Contains(errs, row.want) {
			t.Errorf("overseer release %s says %q; want %q", row.line, errs, row.want)
		}
	}
}
