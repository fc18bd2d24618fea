package s3_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/fetcher/s3"
)

// One program in a bucket, as before.
func ExampleS3() {
	source := &s3.S3{Bucket: "releases", Key: "app.gz", Region: "eu-central-1", Interval: time.Minute}
	if err := source.Init(); err != nil {
		log.Fatal(err)
	}
}

// A channel's signed manifest in a bucket of a service of one's own, with its
// own authority.
func ExampleNew() {
	pem, err := os.ReadFile("/etc/app/ca.pem")
	if err != nil {
		log.Fatal(err)
	}
	ca := x509.NewCertPool()
	ca.AppendCertsFromPEM(pem)
	place, err := s3.New(s3.Options{
		Endpoint: "storage.example.com:9000", Region: "us-east-1",
		Bucket: "releases", Prefix: "app", CA: ca,
	})
	if err != nil {
		log.Fatal(err)
	}
	source := &fetcher.Manifest{Place: place, Name: "stable.json"}
	if err := source.Init(); err != nil {
		log.Fatal(err)
	}
}

func ExamplePlace_Upload() {
	options, err := s3.ParseURL("s3://releases/app?region=eu-central-1")
	if err != nil {
		log.Fatal(err)
	}
	place, err := s3.New(options)
	if err != nil {
		log.Fatal(err)
	}
	sent, err := place.Upload(context.Background(), os.DirFS("/srv/releases"), s3.Order{
		Progress: func(name string, done, total int64) { fmt.Printf("%s: %d of %d\n", name, done, total) },
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sent.Files, "sent,", sent.Kept, "were there")
}

func ExampleParseURL() {
	options, err := s3.ParseURL("s3://releases/app?endpoint=storage.example.com:9000")
	fmt.Println(options.Bucket, options.Prefix, options.Endpoint, err)
	// Output: releases app storage.example.com:9000 <nil>
}
