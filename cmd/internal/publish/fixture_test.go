package publish_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
	"github.com/seed-3d078585/overseer/cmd/internal/publish"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

const platform = "linux/amd64"

// A fixture is a release directory with a clock of its own.
type fixture struct {
	*publish.Directory
	t       *testing.T
	dir     string
	key     keys.Secret
	now     time.Time
	remarks []string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, dir: filepath.Join(t.TempDir(), "releases"), now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	f.key = newKey(t)
	if err := os.Mkdir(f.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	deltas := 2
	_, err := publish.Init(t.Context(), f.dir, publish.InitOptions{Product: "app", Keys: []keys.Public{f.key.Public()}, Deltas: &deltas}, publish.Options{})
	f.want(err)
	f.open(publish.Options{})
	return f
}

// open opens the directory anew, with the clock of the fixture.
func (f *fixture) open(o publish.Options) {
	f.t.Helper()
	o.Now = func() time.Time { return f.now }
	o.Say = func(s string) { f.remarks = append(f.remarks, s) }
	d, err := publish.Open(f.dir, o)
	f.want(err)
	f.Directory = d
}

func newKey(t *testing.T) keys.Secret {
	t.Helper()
	path := filepath.Join(t.TempDir(), "release.key")
	if _, err := keys.Generate(path, ""); err != nil {
		t.Fatal(err)
	}
	k, err := keys.ReadSecret(path, keys.Passwords{})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (f *fixture) want(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) how(more ...keys.Secret) publish.How {
	f.now = f.now.Add(time.Minute)
	return publish.How{Signers: append([]keys.Secret{f.key}, more...)}
}

// program is what a version is built to: most of it is the same in each.
func program(version string) []byte {
	data := make([]byte, 40<<10)
	rand.NewChaCha8([32]byte{1}).Read(data)
	return append(data, []byte("version "+version)...)
}

// file writes a program to be added.
func (f *fixture) file(data []byte) string {
	f.t.Helper()
	path := filepath.Join(f.t.TempDir(), "app")
	f.want(os.WriteFile(path, data, 0o755))
	return path
}

func (f *fixture) add(channel, version string) publish.Added {
	f.t.Helper()
	added, err := f.Add(f.t.Context(), publish.AddOptions{
		Channel: channel, Version: version,
		Inputs: []publish.Input{{Platform: platform, Path: f.file(program(version))}},
	})
	f.want(err)
	return added
}

func (f *fixture) publish(channel, version string) publish.Issued {
	f.t.Helper()
	f.add(channel, version)
	issued, err := f.Publish(f.t.Context(), channel, f.how())
	f.want(err)
	if issued.Version != version || issued.Channel != channel || !issued.Changed {
		f.t.Fatalf("published %+v; want %s %s", issued, channel, version)
	}
	return issued
}

// manifest reads that of a channel.
func (f *fixture) manifest(channel string) release.Manifest {
	f.t.Helper()
	shown, err := publish.Show(f.t.Context(), fetcher.Dir(f.dir), channel)
	f.want(err)
	return shown.Manifest
}

// verify checks all that the directory serves.
func (f *fixture) verify() {
	f.t.Helper()
	report := f.report()
	if !report.OK {
		f.t.Fatalf("verify: %+v", report.Checks)
	}
}

func (f *fixture) report() publish.Report {
	f.t.Helper()
	about, err := f.About()
	f.want(err)
	o := publish.VerifyOptions{Product: "app", Channels: about.Channels, Threshold: about.Threshold, RootThreshold: about.RootThreshold, Now: func() time.Time { return f.now }}
	o.Keys, o.Roots = parse(f.t, about.Keys), parse(f.t, about.Roots)
	report, err := publish.Verify(f.t.Context(), fetcher.Dir(f.dir), o)
	f.want(err)
	return report
}

func parse(t *testing.T, lines []string) (all []keys.Public) {
	t.Helper()
	for _, line := range lines {
		k, err := keys.ParsePublic(line)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, k)
	}
	return all
}

// said reports whether a remark has the text.
func (f *fixture) said(text string) bool {
	for _, r := range f.remarks {
		if strings.Contains(r, text) {
			return true
		}
	}
	return false
}

// A look is what a host gets when it looks once.
type look struct {
	manifest release.Manifest
	digest   release.Digest
}

// glance reads the manifest of a channel and its signatures as a host does, and
// proves both.
func glance(ctx context.Context, dir, channel string, by keys.Public) (look, error) {
	data, err := os.ReadFile(filepath.Join(dir, channel+".json"))
	if err != nil {
		return look{}, err
	}
	digest := digestOf(data)
	raw, err := os.ReadFile(filepath.Join(dir, "signatures", digest.String()+".minisig"))
	if err != nil {
		return look{}, fmt.Errorf("a manifest without its signatures: %w", err)
	}
	signatures, err := keys.Split(raw)
	if err != nil {
		return look{}, err
	}
	if len(keys.Signers(data, signatures, []keys.Public{by})) != 1 {
		return look{}, fmt.Errorf("the signatures are not those of the manifest:\n%s\n%s", data, raw)
	}
	m, err := release.ParseManifest(data)
	if err != nil {
		return look{}, err
	}
	for _, a := range m.Artifacts {
		names := bytes.NewBufferString(strings.Join(a.URLs, " "))
		for _, d := range a.Deltas {
			names.WriteString(" " + strings.Join(d.URLs, " "))
		}
		for name := range strings.FieldsSeq(names.String()) {
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				return look{}, fmt.Errorf("a manifest names what is not there: %w", err)
			}
		}
	}
	return look{m, digest}, ctx.Err()
}
