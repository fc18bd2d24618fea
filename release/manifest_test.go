package release_test

import (
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// good is a manifest that nothing is wrong with.
func good() release.Manifest {
	return release.Manifest{
		Product: "app", Channel: "stable", Seq: 7, Version: "1.2.3",
		Issued:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Expires: time.Date(2026, 4, 2, 3, 4, 5, 0, time.UTC),
		Artifacts: map[string]release.Artifact{
			"linux/amd64": {Size: 3, Digest: release.Digest{1}, URLs: []string{"programs/app"}},
		},
	}
}

// full is a good one with all that there is.
func full() release.Manifest {
	m := good()
	m.Critical = []string{"rollout"}
	m.MinSeq = 3
	m.Notes = "Two\n\tlines: ü"
	m.Urgent = true
	m.Yanked = []string{"1.3.0"}
	m.Blocked = []release.Digest{{9}}
	m.Rollout = &release.Rollout{Percent: 12.5, Seed: "1.2.3", Ramp: &release.Ramp{From: 1, Start: m.Issued, End: m.Issued.Add(24 * time.Hour)}}
	m.Artifacts["linux/arm/v7"] = release.Artifact{
		Size: 4, Digest: release.Digest{2}, Packing: release.TarGzip, Path: "app-1.2.3/app", PackedSize: 2, PackedDigest: release.Digest{3},
		URLs:   []string{"https://example.com/app%20v7.tar.gz?x=1", "programs/app.tar.gz"},
		Deltas: []release.Delta{{From: release.Digest{4}, Size: 1, Digest: release.Digest{5}, URLs: []string{"deltas/4-2.delta"}}},
	}
	return m
}

func TestManifestRoundTrip(t *testing.T) {
	for name, m := range map[string]release.Manifest{"smallest": good(), "full": full()} {
		t.Run(name, func(t *testing.T) {
			data, err := m.Encode()
			if err != nil {
				t.Fatal(err)
			}
			got, err := release.ParseManifest(data)
			if err != nil {
				t.Fatalf("%v\n%s", err, data)
			}
			again, err := got.Encode()
			if err != nil || string(again) != string(data) {
				t.Fatalf("written again (%v):\n%s\nfirst:\n%s", err, again, data)
			}
		})
	}
}

// TestManifestOfTheDocument parses what docs/manifest.md shows.
func TestManifestOfTheDocument(t *testing.T) {
	text, err := os.ReadFile("../docs/manifest.md")
	if err != nil {
		t.Fatal(err)
	}
	manifest, keys := example(t, string(text), "## The manifest"), example(t, string(text), "## The key list")
	m, err := release.ParseManifest(manifest)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := m.Encode(); err != nil || string(data) != string(manifest) {
		t.Errorf("the example of a manifest is not as Encode writes it (%v):\n%s", err, data)
	}
	l, err := release.ParseKeyList(keys)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := l.Encode(); err != nil || string(data) != string(keys) {
		t.Errorf("the example of a key list is not as Encode writes it (%v):\n%s", err, data)
	}
}

// example returns the first block of JSON after a heading.
func example(t *testing.T, text, heading string) []byte {
	t.Helper()
	_, text, ok := strings.Cut(text, heading+"\n")
	_, text, ok2 := strings.Cut(text, "```json\n")
	text, _, ok3 := strings.Cut(text, "```\n")
	if !ok || !ok2 || !ok3 {
		t.Fatalf("docs/manifest.md has no block of JSON after %q", heading)
	}
	return []byte(text)
}

func TestCheckManifest(t *testing.T) {
	long := strings.Repeat("a", 129)
	// artifact changes the one artifact of a good manifest.
	artifact := func(change func(*release.Artifact)) func(*release.Manifest) {
		return func(m *release.Manifest) {
			a := m.Artifacts["linux/amd64"]
			change(&a)
			m.Artifacts["linux/amd64"] = a
		}
	}
	packed := func(p release.Packing, path string) func(*release.Manifest) {
		return artifact(func(a *release.Artifact) {
			a.Packing, a.Path, a.PackedSize, a.PackedDigest = p, path, 2, release.Digest{3}
		})
	}
	delta := func(change func(*release.Delta)) func(*release.Manifest) {
		return artifact(func(a *release.Artifact) {
			d := release.Delta{From: release.Digest{4}, Size: 1, Digest: release.Digest{5}, URLs: []string{"d"}}
			change(&d)
			a.Deltas = []release.Delta{d}
		})
	}
	platform := func(name string) func(*release.Manifest) {
		return func(m *release.Manifest) { m.Artifacts = map[string]release.Artifact{name: m.Artifacts["linux/amd64"]} }
	}
	rollout := func(r release.Rollout) func(*release.Manifest) {
		return func(m *release.Manifest) { m.Rollout = &r }
	}
	start := good().Issued
	for _, row := range []struct {
		name   string
		change func(*release.Manifest)
		want   string // part of the error; empty: nothing is wrong
	}{
		{"good", func(*release.Manifest) {}, ""},
		{"no product", func(m *release.Manifest) { m.Product = "" }, "product"},
		{"product in upper case", func(m *release.Manifest) { m.Product = "App" }, "product"},
		{"product of a look-alike", func(m *release.Manifest) { m.Product = "аpp" }, "product"},
		{"product that climbs", func(m *release.Manifest) { m.Product = ".." }, "product"},
		{"product like a flag", func(m *release.Manifest) { m.Product = "-x" }, "product"},
		{"long product", func(m *release.Manifest) { m.Product = long }, "product"},
		{"channel with a slash", func(m *release.Manifest) { m.Channel = "a/b" }, "channel"},
		{"channel of the key list", func(m *release.Manifest) { m.Channel = "keys" }, "channel"},
		{"no seq", func(m *release.Manifest) { m.Seq = 0 }, "seq"},
		{"huge seq", func(m *release.Manifest) { m.Seq = 1 << 53 }, "seq"},
		{"largest seq", func(m *release.Manifest) { m.Seq = 1<<53 - 1 }, ""},
		{"floor above itself", func(m *release.Manifest) { m.MinSeq = 8 }, "refuses itself"},
		{"no version", func(m *release.Manifest) { m.Version = "" }, "version"},
		{"short version", func(m *release.Manifest) { m.Version = "1.2" }, "version"},
		{"version with v", func(m *release.Manifest) { m.Version = "v1.2.3-rc.1+build" }, ""},
		{"version with two v", func(m *release.Manifest) { m.Version = "vv1.2.3" }, "version"},
		{"version with a zero in front", func(m *release.Manifest) { m.Version = "1.02.3" }, "version"},
		{"not issued", func(m *release.Manifest) { m.Issued = time.Time{} }, "issued"},
		{"never expires", func(m *release.Manifest) { m.Expires = time.Time{} }, "expires"},
		{"expires at once", func(m *release.Manifest) { m.Expires = m.Issued }, "expires"},
		{"expires after the calendar", func(m *release.Manifest) { m.Expires = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "expires"},
		{"notes that write on the terminal", func(m *release.Manifest) { m.Notes = "\x1b[2J" }, "notes"},
		{"notes with NUL", func(m *release.Manifest) { m.Notes = "a\x00b" }, "notes"},
		{"notes that turn around", func(m *release.Manifest) { m.Notes = "a\u202eb" }, "notes"},
		{"long notes", func(m *release.Manifest) { m.Notes = strings.Repeat("a", 64<<10+1) }, "notes"},
		{"yanked is no version", func(m *release.Manifest) { m.Yanked = []string{"new"} }, "yanked"},
		{"yanked itself", func(m *release.Manifest) { m.Yanked = []string{"v1.2.3"} }, "yanked"},
		{"blocked zeros", func(m *release.Manifest) { m.Blocked = []release.Digest{{}} }, "blocked"},
		{"much blocked", func(m *release.Manifest) { m.Blocked = make([]release.Digest, 4097) }, "4097 blocked"},
		{"unknown and critical", func(m *release.Manifest) { m.Critical = []string{"quorum"} }, "quorum"},
		{"no artifacts", func(m *release.Manifest) { m.Artifacts = nil }, "0 platforms"},
		{"platform of one part", platform("linux"), "platform"},
		{"platform of three", platform("linux/arm/v7"), ""},
		{"platform of four", platform("linux/arm/v7/x"), "platform"},
		{"platform that climbs", platform("linux/../x"), "platform"},
		{"platform with a hole", platform("linux//amd64"), "platform"},
		{"no size", artifact(func(a *release.Artifact) { a.Size = 0 }), "size"},
		{"negative size", artifact(func(a *release.Artifact) { a.Size = -1 }), "size"},
		{"huge size", artifact(func(a *release.Artifact) { a.Size = math.MaxInt64 }), "size"},
		{"no digest", artifact(func(a *release.Artifact) { a.Digest = release.Digest{} }), "sha256"},
		{"unknown packing", packed("rar", ""), "packing"},
		{"packed", packed(release.Zstd, ""), ""},
		{"packed without size", artifact(func(a *release.Artifact) { a.Packing = release.Gzip }), "packed_size"},
		{"size without packing", artifact(func(a *release.Artifact) { a.PackedSize = 2 }), "without a packing"},
		{"archive", packed(release.Zip, "bin/app"), ""},
		{"archive without path", packed(release.Zip, ""), "path"},
		{"path without archive", packed(release.Gzip, "app"), "path"},
		{"path that climbs", packed(release.Tar, "../app"), "path"},
		{"path that climbs inside", packed(release.Tar, "a/../../app"), "path"},
		{"absolute path", packed(release.Tar, "/bin/app"), "path"},
		{"path of another system", packed(release.Tar, `..\app`), "path"},
		{"path with a drive", packed(release.Tar, "c:app"), "path"},
		{"path with NUL", packed(release.Tar, "app\x00.txt"), "path"},
		{"delta", delta(func(*release.Delta) {}), ""},
		{"delta without size", delta(func(d *release.Delta) { d.Size = 0 }), "delta 0"},
		{"delta without digest", delta(func(d *release.Delta) { d.Digest = release.Digest{} }), "delta 0"},
		{"delta from nothing", delta(func(d *release.Delta) { d.From = release.Digest{} }), "delta 0"},
		{"delta from itself", delta(func(d *release.Delta) { d.From = release.Digest{1} }), "delta 0"},
		{"delta without place", delta(func(d *release.Delta) { d.URLs = nil }), "delta 0"},
		{"two deltas from one", artifact(func(a *release.Artifact) {
			d := release.Delta{From: release.Digest{4}, Size: 1, Digest: release.Digest{5}, URLs: []string{"d"}}
			a.Deltas = []release.Delta{d, d}
		}), "delta 1"},
		{"rollout", rollout(release.Rollout{Percent: 0, Seed: "s"}), ""},
		{"rollout above all", rollout(release.Rollout{Percent: 100.5, Seed: "s"}), "percent"},
		{"rollout below none", rollout(release.Rollout{Percent: -1, Seed: "s"}), "percent"},
		{"rollout of no number", rollout(release.Rollout{Percent: math.NaN(), Seed: "s"}), "percent"},
		{"rollout without end", rollout(release.Rollout{Percent: math.Inf(1), Seed: "s"}), "percent"},
		{"rollout without seed", rollout(release.Rollout{Percent: 1}), "seed"},
		{"seed with NUL", rollout(release.Rollout{Percent: 1, Seed: "a\x00b"}), "seed"},
		{"ramp", rollout(release.Rollout{Percent: 9, Seed: "s", Ramp: &release.Ramp{Start: start, End: start.Add(1)}}), ""},
		{"ramp that falls", rollout(release.Rollout{Percent: 9, Seed: "s", Ramp: &release.Ramp{From: 10, Start: start, End: start.Add(1)}}), "ramp"},
		{"ramp from no number", rollout(release.Rollout{Percent: 9, Seed: "s", Ramp: &release.Ramp{From: math.NaN(), Start: start, End: start.Add(1)}}), "ramp"},
		{"ramp backwards", rollout(release.Rollout{Percent: 9, Seed: "s", Ramp: &release.Ramp{Start: start, End: start}}), "ramp"},
		{"ramp of years", rollout(release.Rollout{Percent: 9, Seed: "s", Ramp: &release.Ramp{Start: start, End: start.AddDate(2, 0, 0)}}), "ramp"},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := good()
			row.change(&m)
			data, err := m.Encode()
			if row.want == "" {
				if err != nil {
					t.Fatalf("Encode = %v, want nothing wrong", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), row.want) || data != nil {
				t.Fatalf("Encode = %v\n%s\nwant an error with %q", err, data, row.want)
			}
			if !errors.Is(err, release.ErrFormat) && !errors.Is(err, release.ErrCritical) {
				t.Fatalf("Encode = %v, want ErrFormat or ErrCritical", err)
			}
		})
	}
}
