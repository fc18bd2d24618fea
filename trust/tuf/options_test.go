package tuf_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/trust/tuf"
)

func TestOptions(t *testing.T) {
	r := newRepository(t)
	r.release(app, one)
	unsigned := bytes.Replace(r.file("1.root.json"), []byte(`"sig":"`), []byte(`"sig":"00`), 1)
	for _, row := range []struct {
		name string
		set  func(*tuf.Options)
		want string // "": no error
	}{
		{"complete", func(*tuf.Options) {}, ""},
		{"no root", func(o *tuf.Options) { o.Root = nil }, "Options.Root is empty"},
		{"empty root", func(o *tuf.Options) { o.Root = []byte{} }, "Options.Root is empty"},
		{"root is a page", func(o *tuf.Options) { o.Root = []byte("<html>") }, "Options.Root is no root.json"},
		{"root is an empty object", func(o *tuf.Options) { o.Root = []byte("{}") }, "Options.Root is no root.json"},
		{"root is another role", func(o *tuf.Options) { o.Root = r.file("1.targets.json") }, "Options.Root is no root.json"},
		{"root without a signature", func(o *tuf.Options) { o.Root = unsigned }, "Options.Root is no root.json"},
		{"root with a null role", func(o *tuf.Options) {
			o.Root = []byte(`{"signed":{"_type":"root","roles":{"root":null}},"signatures":[]}`)
		}, "Options.Root is no root.json"},
		{"no URL", func(o *tuf.Options) { o.MetadataURL = "" }, "Options.MetadataURL is empty"},
		{"a path", func(o *tuf.Options) { o.MetadataURL = "/srv/metadata" }, "Options.MetadataURL is"},
		{"a file", func(o *tuf.Options) { o.MetadataURL = "file:///srv/metadata" }, "Options.MetadataURL is"},
		{"no host", func(o *tuf.Options) { o.MetadataURL = "https:///metadata" }, "Options.MetadataURL is"},
		{"not a URL", func(o *tuf.Options) { o.MetadataURL = "https://a b/" }, "Options.MetadataURL cannot be read"},
		{"a fragment", func(o *tuf.Options) { o.MetadataURL = "https://example.com/#m" }, "Options.MetadataURL is"},
		{"no target", func(o *tuf.Options) { o.Target = "" }, "Options.Target is empty"},
		{"unknown placeholder", func(o *tuf.Options) { o.Target = "app-{version}" }, "Options.Target is"},
		{"a name with a slash", func(o *tuf.Options) { o.Name = "a/b" }, "Options.Name is"},
		{"a name in capitals", func(o *tuf.Options) { o.Name = "TUF" }, "Options.Name is"},
		{"a name that begins with a dot", func(o *tuf.Options) { o.Name = ".tuf" }, "Options.Name is"},
		{"a name of 64", func(o *tuf.Options) { o.Name = strings.Repeat("a", 64) }, ""},
		{"a name of 65", func(o *tuf.Options) { o.Name = strings.Repeat("a", 65) }, "Options.Name is"},
		{"negative request timeout", func(o *tuf.Options) { o.RequestTimeout = -time.Second }, "Options.RequestTimeout is -1s"},
		{"negative refresh timeout", func(o *tuf.Options) { o.RefreshTimeout = -1 }, "Options.RefreshTimeout is -1ns"},
		{"negative size", func(o *tuf.Options) { o.Limits.Snapshot = -1 }, "Options.Limits.Snapshot is -1"},
		{"negative number", func(o *tuf.Options) { o.Limits.Roles = -1 }, "Options.Limits.Roles is -1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := tuf.Options{Root: r.file("1.root.json"), MetadataURL: "https://example.com/metadata/", Target: app}
			row.set(&o)
			p, err := tuf.New(o)
			if row.want == "" {
				if err != nil || p == nil {
					t.Fatalf("New = %v, %v; want a policy", p, err)
				}
				return
			}
			if p != nil || err == nil || !strings.HasPrefix(err.Error(), "tuf."+row.want) {
				t.Fatalf("New = %v, %v; want an error that begins with tuf.%s", p, err, row.want)
			}
		})
	}
}

func TestPlaceholders(t *testing.T) {
	s := newSite(t)
	s.release("app-"+runtime.GOOS+"/"+runtime.GOARCH, one)
	s.options.Target = "app-{os}/{arch}"
	s.accepts(s.start(), one)
}

// What the caller does to the root after New changes nothing.
func TestRootIsCopied(t *testing.T) {
	s := newSite(t)
	s.release(app, one)
	s.options.Root = bytes.Clone(s.options.Root)
	p := s.start()
	clear(s.options.Root)
	s.accepts(p, one)
}
