package s3_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/seed-3d078585/overseer/fetcher/s3"
)

const (
	access = "overseer-test"
	secret = "overseer-test-secret"
	bucket = "releases"
	region = "eu-test-1"
)

// A server is a real S3 service, versitygw, on a directory and a unix socket of
// this test. It dies with the test.
type server struct {
	*http.Transport
	admin *minio.Client
}

// gateway finds the program. Its absence fails where everything has to be there,
// and skips elsewhere.
func gateway(t *testing.T) string {
	t.Helper()
	name := os.Getenv("OVERSEER_TEST_VERSITYGW")
	if name == "" {
		name = "versitygw"
	}
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	const hint = "no S3 service to test with: go install github.com/versity/versitygw/cmd/versitygw@v1.8.0, and have it in PATH or name it in OVERSEER_TEST_VERSITYGW: %v"
	if os.Getenv("CI") == "true" {
		t.Fatalf(hint, err)
	}
	t.Skipf(hint, err)
	return ""
}

// start runs a server with an empty bucket. Its extra arguments go before the
// name of the backend.
func start(t *testing.T, args ...string) *server {
	t.Helper()
	program := gateway(t)
	dir, err := os.MkdirTemp("", "s3") // a short path: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, sub := range []string{"files", "meta", "users"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	socket := filepath.Join(dir, "s")
	args = append([]string{"--quiet", "--port", socket, "--region", region, "--access", access, "--secret", secret,
		"--iam-dir", filepath.Join(dir, "users")}, args...)
	args = append(args, "posix", "--sidecar", filepath.Join(dir, "meta"), filepath.Join(dir, "files"))
	var output bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &output, &output
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
			t.Logf("the service said: %s", output.String())
		}
	})
	s := &server{Transport: &http.Transport{
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
			t.Fatal("the service ended at its start")
		case <-late:
			t.Fatal("the service did not listen within 30 s")
		}
	}
}

// plain runs a server without TLS, with its bucket.
func plain(t *testing.T) *server {
	t.Helper()
	s := start(t)
	s.connect(t, false)
	return s
}

func (s *server) connect(t *testing.T, secure bool) {
	t.Helper()
	admin, err := minio.New(host, &minio.Options{
		Creds: credentials.NewStaticV4(access, secret, ""), Region: region, Transport: s, Secure: secure,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.admin = admin
	if err := admin.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatalf("make the bucket: %v", err)
	}
}

// host is what the server is called; the transport knows where it is.
const host = "s3.test"

// options are those of somebody who may do everything.
func (s *server) options() s3.Options {
	return s3.Options{
		Endpoint: "http://" + host, Region: region, Bucket: bucket,
		Access: access, Secret: secret, Transport: s, Attempts: 1,
	}
}

func (s *server) place(t *testing.T, change ...func(*s3.Options)) *s3.Place {
	t.Helper()
	o := s.options()
	for _, change := range change {
		change(&o)
	}
	p, err := s3.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (s *server) put(t *testing.T, key string, data []byte) {
	t.Helper()
	if _, err := s.admin.PutObject(t.Context(), bucket, key, bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{}); err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}

// A tap is a transport that a test can reach into.
type tap struct {
	http.RoundTripper
	mu    sync.Mutex
	asked []*http.Request
	on    func(*http.Request, *http.Response) (*http.Response, error) // nil: nothing
}

func (t *tap) RoundTrip(req *http.Request) (*http.Response, error) {
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

func (t *tap) requests() []*http.Request {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]*http.Request(nil), t.asked...)
}

// pair makes a certificate for the host, and files of it.
func pair(t *testing.T) (cert, key string, ca *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ca = x509.NewCertPool()
	ca.AddCert(parsed)
	return cert, key, ca
}
