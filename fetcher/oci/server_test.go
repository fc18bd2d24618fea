package oci_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher/oci"
)

const (
	user     = "overseer-test"
	password = "pass-of-the-test"
	htpasswd = user + ":$2a$04$E2PasI4juvqaQK3KAR5obOyGa0TtAywO93.IU3W9gjEl.b52CvI4q\n"
	// host is what the registry is called; the transport knows where it is.
	host       = "registry.test"
	repository = host + "/team/app"
)

const config = `
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: %[1]s/files}
  delete: {enabled: true}
http: {net: unix, addr: %[1]s/s, secret: of-the-test, relativeurls: true}
auth:
  htpasswd: {realm: test, path: %[1]s/htpasswd}
`

// A server is a real registry, docker-registry, on a directory and a unix socket
// of this test. It dies with the test.
type server struct {
	*http.Transport
	files string // where it keeps its files
}

// program finds the registry. Its absence fails where everything has to be
// there, and skips elsewhere.
func program(t *testing.T) string {
	t.Helper()
	name := os.Getenv("OVERSEER_TEST_REGISTRY")
	if name == "" {
		name = "docker-registry"
	}
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	const hint = "no registry to test with: install Debian's docker-registry, and have it in PATH or name it in OVERSEER_TEST_REGISTRY: %v"
	if os.Getenv("CI") == "true" {
		t.Fatalf(hint, err)
	}
	t.Skipf(hint, err)
	return ""
}

func start(t *testing.T) *server {
	t.Helper()
	registry := program(t)
	dir, err := os.MkdirTemp("", "oci") // a short path: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for name, text := range map[string]string{"config.yml": fmt.Sprintf(config, dir), "htpasswd": htpasswd} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var output bytes.Buffer
	cmd := exec.Command(registry, "serve", filepath.Join(dir, "config.yml"))
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &output, &output
	cmd.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none")
	diesWithItsParent(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("the registry said: %s", output.String())
		}
	})
	socket := filepath.Join(dir, "s")
	s := &server{files: filepath.Join(dir, "files"), Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
		DisableCompression: true,
	}}
	t.Cleanup(s.CloseIdleConnections)
	accepts(t, socket, ended)
	return s
}

// accepts waits until somebody listens on a socket. The kernel tells nobody of
// that, so it is asked again and again.
func accepts(t *testing.T, socket string, ended <-chan struct{}) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for {
		if conn, err := net.Dial("unix", socket); err == nil {
			conn.Close()
			return
		}
		select {
		case <-tick.C:
		case <-ended:
			t.Fatal("the registry ended at its start")
		case <-late:
			t.Fatal("the registry did not listen within 30 s")
		}
	}
}

func (s *server) options() oci.Options {
	return oci.Options{
		Reference: repository, Username: user, Password: password, PlainHTTP: true,
		Client: &http.Client{Transport: s.Transport}, Attempts: 1,
	}
}

func (s *server) place(t *testing.T, change ...func(*oci.Options)) *oci.Place {
	t.Helper()
	o := s.options()
	for _, change := range change {
		change(&o)
	}
	p, err := oci.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A tap is a transport that a test can reach into.
type tap struct {
	http.RoundTripper
	mu     sync.Mutex
	asked  []*http.Request
	before func(*http.Request) error                                   // nil: nothing; an error keeps the request from the registry
	on     func(*http.Request, *http.Response) (*http.Response, error) // nil: nothing
}

func (t *tap) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.before != nil {
		if err := t.before(req); err != nil {
			return nil, err
		}
	}
	res, err := t.RoundTripper.RoundTrip(req)
	t.mu.Lock()
	t.asked = append(t.asked, req)
	on := t.on
	t.mu.Unlock()
	if err != nil || on == nil {
		return res, err
	}
	return on(req, res)
}

// take gives the requests so far and forgets them, but for those that only
// learned that the registry wants a password.
func (t *tap) take() (asked []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, req := range t.asked {
		if req.Header.Get("Authorization") != "" {
			asked = append(asked, req.Method+" "+req.URL.Path)
		}
	}
	t.asked = nil
	return asked
}

func tapped(t *tap) func(*oci.Options) {
	return func(o *oci.Options) { o.Client = &http.Client{Transport: t} }
}
