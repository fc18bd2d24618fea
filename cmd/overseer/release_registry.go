package main

import (
	"context"
	"io/fs"
	"os"
	"strings"

	"github.com/seed-3d078585/overseer/cmd/internal/publish"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/fetcher/oci"
)

// A registry has a tag for each channel. It is for one goroutine.
type registry struct {
	name    string
	tag     string // where the URL has one: no other channel counts
	options oci.Options
	now     *oci.Place // of the channel whose manifest was opened last
}

// Environment variables of a registry.
const (
	registryUser     = "OVERSEER_REGISTRY_USERNAME"
	registryPassword = "OVERSEER_REGISTRY_PASSWORD"
	registryPlain    = "OVERSEER_REGISTRY_PLAIN_HTTP" // 1: without TLS
)

func openRegistry(given string) (*registry, error) {
	o, err := oci.ParseURL(given)
	if err != nil {
		return nil, usagef("%v", err)
	}
	r := &registry{name: given, options: o}
	if i := strings.LastIndexByte(o.Reference, ':'); i > strings.LastIndexByte(o.Reference, '/') {
		r.tag = o.Reference[i+1:]
	}
	r.options.Username, r.options.Password = os.Getenv(registryUser), os.Getenv(registryPassword)
	r.options.PlainHTTP = os.Getenv(registryPlain) == "1"
	if r.now, err = oci.New(r.options); err != nil {
		return nil, usagef("%v", err)
	}
	return r, nil
}

func (r *registry) String() string { return r.name }

// channelOf is that of a manifest's name, or empty.
func channelOf(name string) string {
	channel, ok := strings.CutSuffix(name, ".json")
	if !ok || channel == "keys" || strings.Contains(channel, "/") {
		return ""
	}
	return channel
}

// Open is that of [fetcher.Place]: a manifest is looked for at the tag of its
// channel, and the other files are those that it leads to.
func (r *registry) Open(ctx context.Context, want fetcher.Want) (*fetcher.Found, error) {
	if channel := channelOf(want.Name); channel != "" && r.tag == "" {
		o := r.options
		o.Tag = channel
		p, err := oci.New(o)
		if err != nil {
			return nil, err
		}
		r.now = p
	}
	return r.now.Open(ctx, want)
}

// Upload is that of [publish.Destination].
func (r *registry) Upload(ctx context.Context, tree fs.FS, progress func(string, int64, int64)) (all publish.Sent, err error) {
	names, err := fs.Glob(tree, "*.json")
	if err != nil {
		return all, err
	}
	for _, name := range names {
		channel := channelOf(name)
		if channel == "" || r.tag != "" && r.tag != channel {
			continue // each channel takes the key list along
		}
		o := r.options
		o.Tag, o.Progress = channel, progress
		sent, err := oci.Push(ctx, tree, o)
		all.Files, all.Kept, all.Bytes = all.Files+sent.Files, all.Kept+sent.Kept, all.Bytes+sent.Bytes
		if err != nil {
			return all, err
		}
	}
	return all, nil
}
