package fetcher_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
)

func ExampleFile() {
	source := &fetcher.File{Path: "/srv/releases/app", Interval: 5 * time.Second}
	if err := source.Init(); err != nil {
		log.Fatal(err)
	}
}

func ExampleHTTP() {
	source := &fetcher.HTTP{
		URL:      "https://releases.example.com/app-linux-amd64.zst",
		Interval: time.Minute,
		Header:   http.Header{"Authorization": {"Bearer " + os.Getenv("RELEASES_TOKEN")}},
	}
	if err := source.Init(); err != nil {
		log.Fatal(err)
	}
}

func ExampleGithub() {
	source := &fetcher.Github{
		User:  "example",
		Repo:  "app",
		Asset: func(name string) bool { return strings.HasSuffix(name, "_linux_x86_64.gz") },
	}
	if err := source.Init(); err != nil {
		log.Fatal(err)
	}
}

func ExampleManifest() {
	source := &fetcher.Manifest{URL: "https://releases.example.com/app/stable.json"}
	if err := source.Init(); err != nil {
		log.Fatal(err)
	}
}

// Servers with certificates of an authority of one's own, and a client
// certificate likewise, are a matter of the client.
func ExampleManifest_certificateAuthority() {
	pem, err := os.ReadFile("/etc/app/ca.pem")
	if err != nil {
		log.Fatal(err)
	}
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(pem)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: authorities}
	source := &fetcher.Manifest{
		URL:    "https://releases.internal/app/stable.json",
		Client: &http.Client{Transport: transport},
	}
	if err := source.Init(); err != nil {
		log.Fatal(err)
	}
}

// The package registry of a forge has no folders.
func ExampleManifest_registry() {
	source := &fetcher.Manifest{
		URL:    "https://gitlab.example.com/api/v4/projects/group%2Fapp/packages/generic/app/stable/stable.json",
		Flat:   true,
		Header: http.Header{"Deploy-Token": {os.Getenv("RELEASES_TOKEN")}},
	}
	if err := source.Init(); err != nil {
		log.Fatal(err)
	}
}

func ExampleDir() {
	source := &fetcher.Manifest{Place: fetcher.Dir("/mnt/releases"), Name: "app/stable.json"}
	if err := source.Init(); err != nil {
		log.Fatal(err)
	}
}

func ExampleWeb() {
	place := fetcher.Web("https://releases.example.com/app", fetcher.WebOptions{StallTimeout: time.Minute})
	fmt.Println(place)
	// Output: https://releases.example.com/app
}

func ExampleFunc() {
	releases := make(chan []byte, 1)
	source := fetcher.Func(func() (io.Reader, error) {
		select {
		case program := <-releases:
			return bytes.NewReader(program), nil
		case <-time.After(time.Minute):
			return nil, nil
		}
	})
	releases <- []byte("program")
	r, _ := source.Fetch()
	fmt.Println(fetcher.Describe(r).Size)
	// Output: 7
}

// A consumer closes what it was given, and gives a receipt once it is safe.
func ExampleReceipt() {
	source := &fetcher.HTTP{URL: "https://releases.example.com/app"}
	consume := func(ctx context.Context, stage func(io.Reader) error) error {
		r, err := source.FetchContext(ctx)
		if err != nil || r == nil {
			return err
		}
		candidate := fetcher.Describe(r)
		defer candidate.Close()
		if err := stage(candidate.Body); err != nil {
			return err // not remembered: the next fetch offers it again
		}
		if receipt, ok := r.(fetcher.Receipt); ok {
			receipt.Taken()
		}
		return nil
	}
	_ = consume
}
