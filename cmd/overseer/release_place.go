package main

import (
	"context"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"github.com/seed-3d078585/overseer/cmd/internal/publish"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/fetcher/s3"
)

// isRemote reports whether a person means something else than a directory.
func isRemote(given string) bool { return strings.Contains(given, "://") }

// openPlace takes what a person gives for a place to read: a URL, of a directory
// or of a manifest in it, whose name is returned then; a bucket; a registry.
func openPlace(given string) (p fetcher.Place, name string, err error) {
	switch scheme, _, _ := strings.Cut(given, "://"); scheme {
	case "http", "https":
		u, err := url.Parse(given)
		if err != nil || u.Host == "" {
			return nil, "", usagef("URL %q: want one such as https://releases.example.com/app/", given)
		}
		if strings.HasSuffix(u.Path, ".json") {
			u.Path, name = path.Split(u.Path)
			u.RawPath = ""
		}
		return fetcher.Web(u.String(), fetcher.WebOptions{}), name, nil
	case "s3":
		p, err = openBucket(given)
		return p, "", err
	case "oci":
		r, err := openRegistry(given)
		if err == nil && r.tag != "" {
			name = r.tag + ".json"
		}
		return r, name, err
	}
	return nil, "", usagef("place %q: there are https://, http://, s3:// and oci://, and directories", given)
}

// remoteChannels are those that were asked for, else the one of the name.
func remoteChannels(channels []string, name string) []string {
	if name != "" {
		channels = append(channels, strings.TrimSuffix(name, ".json"))
	}
	if len(channels) == 0 {
		return []string{publish.DefaultChannel}
	}
	return channels
}

// openDestination takes what a person gives for a place to upload to.
func openDestination(given string) (publish.Destination, error) {
	scheme, _, ok := strings.Cut(given, "://")
	switch {
	case !ok:
		return publish.Copy(given, nil), nil
	case scheme == "s3":
		return openBucket(given)
	case scheme == "oci":
		return openRegistry(given)
	}
	return nil, usagef("destination %q: want a directory, s3://BUCKET/PREFIX or oci://REGISTRY/REPOSITORY", given)
}

// A bucket is one of S3, or of what speaks its protocol.
type bucket struct{ *s3.Place }

func openBucket(given string) (bucket, error) {
	o, err := s3.ParseURL(given)
	if err != nil {
		return bucket{}, usagef("%v", err)
	}
	p, err := s3.New(o)
	if err != nil {
		return bucket{}, usagef("%v", err)
	}
	return bucket{p}, nil
}

// Upload is that of [publish.Destination].
func (b bucket) Upload(ctx context.Context, tree fs.FS, progress func(string, int64, int64)) (publish.Sent, error) {
	sent, err := b.Place.Upload(ctx, tree, s3.Order{Progress: progress})
	return publish.Sent{Files: sent.Files, Kept: sent.Kept, Bytes: sent.Bytes}, err
}
