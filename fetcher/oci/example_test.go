package oci_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/fetcher/oci"
)

func ExampleNew() {
	place, err := oci.New(oci.Options{
		Reference: "registry.example.com/team/app",
		Username:  "reader", Password: os.Getenv("REGISTRY_PASSWORD"),
	})
	if err != nil {
		log.Fatal(err)
	}
	source := &fetcher.Manifest{Place: place, Name: "stable.json"}
	if err := source.Init(); err != nil {
		log.Fatal(err)
	}
}

func ExamplePush() {
	sent, err := oci.Push(context.Background(), os.DirFS("/srv/releases"), oci.Options{
		Reference: "registry.example.com/team/app", Tag: "stable",
		Username: "publisher", Password: os.Getenv("REGISTRY_PASSWORD"),
		Progress: func(name string, done, total int64) { fmt.Printf("%s: %d of %d\n", name, done, total) },
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("stable is", sent.Digest)
}

func ExampleParseURL() {
	options, err := oci.ParseURL("oci://registry.example.com/team/app:beta")
	fmt.Println(options.Reference, err)
	// Output: registry.example.com/team/app:beta <nil>
}
