package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// What the command publishes reaches a host, by each kind of place: it fetches
// the release, trusts it, and the next one comes by a delta.
func TestReleaseReachesHosts(t *testing.T) {
	for _, row := range []struct {
		name string
		to   func(t *testing.T, b *bench) (to string, source *fetcher.Manifest)
	}{
		{"directory", func(t *testing.T, b *bench) (string, *fetcher.Manifest) {
			return "www", &fetcher.Manifest{URL: "file://" + filepath.Join(b.dir, "www", "stable.json")}
		}},
		{"web", func(t *testing.T, b *bench) (string, *fetcher.Manifest) {
			c := *b
			c.dir = t.TempDir()
			if err := os.Symlink(filepath.Join(b.dir, "www"), filepath.Join(c.dir, "DIR")); err != nil {
				t.Fatal(err)
			}
			return "www", &fetcher.Manifest{URL: c.serve().url + "/stable.json"}
		}},
		{"bucket", func(t *testing.T, b *bench) (string, *fetcher.Manifest) {
			address := startS3(t)
			b.env = append(b.env, "AWS_ACCESS_KEY_ID="+access, "AWS_SECRET_ACCESS_KEY="+secret)
			t.Setenv("AWS_ACCESS_KEY_ID", access)
			t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
			to := "s3://releases/app?region=eu-test-1&path-style=true&endpoint=http://" + address
			p, _, err := openPlace(to)
			if err != nil {
				t.Fatal(err)
			}
			return to, &fetcher.Manifest{Place: p, Name: "stable.json"}
		}},
		{"registry", func(t *testing.T, b *bench) (string, *fetcher.Manifest) {
			address := startRegistry(t)
			b.env = append(b.env, registryPlain+"=1", registryUser+"="+access, registryPassword+"="+secret)
			t.Setenv(registryPlain, "1")
			t.Setenv(registryUser, access)
			t.Setenv(registryPassword, secret)
			to := "oci://" + address + "/team/app"
			p, _, err := openPlace(to)
			if err != nil {
				t.Fatal(err)
			}
			return to, &fetcher.Manifest{Place: p, Name: "stable.json"}
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBench(t)
			if err := os.Mkdir(filepath.Join(b.dir, "www"), 0o755); err != nil {
				t.Fatal(err)
			}
			to, source := row.to(t, b)
			source.Interval, source.Platform = time.Millisecond, "linux/arm64"
			h := &host{t: t, source: source, key: b.key()}
			for _, version := range []string{"1.0.0", "1.1.0"} {
				b.program("app", version)
				b.release(0, "add DIR app --version "+version)
				out, _ := b.release(0, "publish DIR --key release.key --to "+to)
				if !strings.Contains(out, "uploaded") {
					t.Errorf("it was not uploaded: %s", out)
				}
				if row.name == "directory" && h.installed != nil { // only the delta is left
					if err := os.RemoveAll(filepath.Join(b.dir, "www", "programs")); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(filepath.Join(b.dir, "app"))
				if err != nil {
					t.Fatal(err)
				}
				h.upgrade(want)
			}
			if isRemote(to) {
				if out, _ := b.release(0, "verify "+to+" --pub release.pub"); !strings.Contains(out, "all is as it was signed") {
					t.Errorf("verify: %s", out)
				}
				if out, _ := b.release(0, "show "+to); !strings.Contains(out, "version    1.1.0") {
					t.Errorf("show: %s", out)
				}
			}
			b.release(0, "upload DIR --to "+to)
		})
	}
}

func (b *bench) key() string {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.dir, "release.pub"))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// A host takes releases one after another.
type host struct {
	t         *testing.T
	source    *fetcher.Manifest
	key       string
	installed []byte
}

// upgrade fetches a release, has it trusted, and compares it.
func (h *host) upgrade(want []byte) {
	h.t.Helper()
	ctx, stop := context.WithTimeout(h.t.Context(), time.Minute)
	defer stop()
	if h.installed == nil {
		h.source.SetHost(fetcher.Host{Scratch: h.t.TempDir(), Installed: func(context.Context) (fetcher.Installed, error) {
			if h.installed == nil {
				return fetcher.Installed{}, os.ErrNotExist
			}
			return fetcher.Installed{ReaderAt: bytes.NewReader(h.installed), Closer: io.NopCloser(nil), Size: int64(len(h.installed)), Digest: digest(h.installed)}, nil
		}})
		if err := h.source.Init(); err != nil {
			h.t.Fatal(err)
		}
	}
	r, err := h.source.FetchContext(ctx)
	if err != nil || r == nil {
		h.t.Fatalf("fetch: %v, %v", r, err)
	}
	defer r.(io.Closer).Close()
	policy := trust.Minisign(h.key).For("app", "stable").Platform("linux/arm64")
	if _, err := trust.Check(ctx, policy, fetcher.Describe(r)); err != nil {
		h.t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, want) {
		h.t.Fatalf("the host read %d bytes, %v; want the %d of the program", len(got), err, len(want))
	}
	if remarks := r.(fetcher.Remarker).Remarks(); len(remarks) > 0 {
		h.t.Errorf("the host remarks %q", remarks)
	}
	r.(fetcher.Receipt).Taken()
	h.installed = got
}

func digest(data []byte) release.Digest { return sha256.Sum256(data) }

// Credentials of the servers of this test.
const (
	access = "overseer-test"
	secret = "pass-of-the-test"
	// secretHash is secret in the form of htpasswd.
	secretHash = "$2a$04$E2PasI4juvqaQK3KAR5obOyGa0TtAywO93.IU3W9gjEl.b52CvI4q"
)

// server finds a program by a variable or in PATH. Its absence fails where
// everything has to be there, and skips elsewhere.
func server(t *testing.T, variable, name, hint string) string {
	t.Helper()
	given := os.Getenv(variable)
	if given == "" {
		given = name
	}
	path, err := exec.LookPath(given)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("no %s to test with: %s, and have it in PATH or name it in %s: %v", name, hint, variable, err)
	}
	t.Skipf("no %s to test with: %s, and have it in PATH or name it in %s: %v", name, hint, variable, err)
	return ""
}

func startS3(t *testing.T) (address string) {
	t.Helper()
	program := server(t, "OVERSEER_TEST_VERSITYGW", "versitygw", "go install github.com/versity/versitygw/cmd/versitygw@v1.8.0")
	dir := shortDir(t, "files/releases", "meta", "users")
	run(t, dir, nil, program, "--quiet", "--port", filepath.Join(dir, "s"), "--region", "eu-test-1", "--access", access, "--secret", secret,
		"--iam-dir", filepath.Join(dir, "users"), "posix", "--sidecar", filepath.Join(dir, "meta"), filepath.Join(dir, "files"))
	return forward(t, filepath.Join(dir, "s"))
}

func startRegistry(t *testing.T) (address string) {
	t.Helper()
	program := server(t, "OVERSEER_TEST_REGISTRY", "docker-registry", "install Debian's docker-registry")
	dir := shortDir(t, "files")
	config := `
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: DIR/files}}
http: {net: unix, addr: DIR/s, secret: of-the-test, relativeurls: true}
auth: {htpasswd: {realm: test, path: DIR/htpasswd}}
`
	for name, text := range map[string]string{"config.yml": strings.ReplaceAll(config, "DIR", dir), "htpasswd": access + ":" + secretHash + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, []string{"OTEL_TRACES_EXPORTER=none"}, program, "serve", filepath.Join(dir, "config.yml"))
	return forward(t, filepath.Join(dir, "s"))
}

// shortDir makes a directory whose path is short enough for a socket.
func shortDir(t *testing.T, sub ...string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "srv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, name := range sub {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run starts a server that dies with the test, and waits until it listens on its
// socket, of which nobody tells.
func run(t *testing.T, dir string, env []string, program string, args ...string) {
	t.Helper()
	var output bytes.Buffer
	c := exec.Command(program, args...)
	c.Dir, c.Stdout, c.Stderr, c.Env = dir, &output, &output, append(os.Environ(), env...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { c.Wait(); close(ended) }()
	t.Cleanup(func() {
		c.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("%s said: %s", program, output.String())
		}
	})
	poll(t, program+" listens", func() bool {
		conn, err := net.Dial("unix", filepath.Join(dir, "s"))
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// forward makes a socket reachable by TCP, for a command that is told a URL.
func forward(t *testing.T, socket string) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() { // ends with the listener; what it has begun, with its connections
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("unix", socket)
			if err != nil {
				near.Close()
				continue
			}
			go func() { io.Copy(far, near); far.(*net.UnixConn).CloseWrite() }()
			go func() { io.Copy(near, far); near.Close(); far.Close() }()
		}
	}()
	return l.Addr().String()
}
