package s3

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/credentials"
)

// alone takes what the host of the test may have out of the environment.
func alone(t *testing.T) {
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_SESSION_TOKEN",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_EC2_METADATA_DISABLED",
	} {
		t.Setenv(name, "")
	}
}

func TestCredentialsOfTheEnvironment(t *testing.T) {
	alone(t)
	t.Setenv("AWS_ACCESS_KEY", "key")
	t.Setenv("AWS_SECRET_KEY", "secret")
	t.Setenv("AWS_SESSION_TOKEN", "session")
	v, err := Options{}.credentials().GetWithContext(nil)
	if err != nil || v.AccessKeyID != "key" || v.SecretAccessKey != "secret" || v.SessionToken != "session" {
		t.Fatalf("credentials are %+v, %v; want those of the environment", v, err)
	}
}

// A role gives credentials that expire, and are asked for again then.
func TestCredentialsOfARole(t *testing.T) {
	alone(t)
	var asked atomic.Int32
	expires := time.Now().Add(time.Hour)
	role := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Write([]byte(`{"AccessKeyId":"key","SecretAccessKey":"secret","Token":"session","Expiration":"` + expires.UTC().Format(time.RFC3339) + `"}`))
	}))
	defer role.Close()
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", role.URL)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true") // says nothing of a container
	c := Options{}.credentials()
	for range 3 {
		if v, err := c.GetWithContext(nil); err != nil || v.AccessKeyID != "key" || v.SessionToken != "session" {
			t.Fatalf("credentials are %+v, %v; want those of the role", v, err)
		}
	}
	if asked.Load() != 1 {
		t.Fatalf("the role was asked %d times; want once", asked.Load())
	}
	c.Expire()
	if _, err := c.GetWithContext(nil); err != nil || asked.Load() != 2 {
		t.Fatalf("after they expired: %v, asked %d times; want 2", err, asked.Load())
	}
}

// A service that takes questions and answers none costs its bound once, and
// then nothing for a while.
func TestCredentialsAreBounded(t *testing.T) {
	alone(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://"+silent.Addr().String())
	f := &found{role: &credentials.IAM{Client: &http.Client{Transport: roleTransport()}}, timeout: 50 * time.Millisecond, pause: time.Hour}
	c := credentials.New(f)
	begin := time.Now()
	for range 100 {
		if v, err := c.GetWithContext(nil); !errors.Is(err, errNoCredentials) || !strings.Contains(err.Error(), "within 50ms") {
			t.Fatalf("credentials are %+v, %v; want an error that names the bound", v, err)
		}
	}
	if took := time.Since(begin); took > 3*time.Second {
		t.Fatalf("100 questions took %v; want one bound of 50ms", took)
	}
}

// The end of the context is the end of the wait, and no verdict on the role.
func TestCredentialsEndWithTheContext(t *testing.T) {
	alone(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://"+silent.Addr().String())
	p, err := New(Options{Bucket: "bucket", Endpoint: "http://127.0.0.1:1", Region: "r"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, err := silent.Accept()
		if err == nil {
			defer conn.Close()
			conn.Read(make([]byte, 1)) // the question is there
		}
		cancel()
	}()
	second := make(chan error, 1)
	go func() { second <- p.sign(ctx) }()
	if err := p.sign(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("sign: %v; want context.Canceled", err)
	}
	if err := <-second; !errors.Is(err, context.Canceled) {
		t.Fatalf("sign beside it: %v; want context.Canceled", err)
	}
}

func TestMetadataDisabled(t *testing.T) {
	alone(t)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	if _, err := (Options{}).credentials().GetWithContext(nil); !errors.Is(err, errNoCredentials) || !strings.Contains(err.Error(), "AWS_EC2_METADATA_DISABLED") {
		t.Fatalf("credentials: %v; want an error that names the variable", err)
	}
}
