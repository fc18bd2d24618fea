//go:build unix

package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/cmd/internal/publish"
	"github.com/seed-3d078585/overseer/release"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is\n%s\nwant\n%s\ngo test -run %s -update writes it anew", name, got, want, t.Name())
	}
}

func TestReleaseHelpPages(t *testing.T) {
	var index bytes.Buffer
	releaseUsage(&index)
	golden(t, "help/index.txt", index.String())
	for _, c := range releaseCommands() {
		var page bytes.Buffer
		c.help(&page)
		golden(t, "help/"+strings.ReplaceAll(c.name, " ", "-")+".txt", page.String())
		for line := range strings.Lines(page.String()) {
			if len([]rune(line)) > 100 {
				t.Errorf("help of %s has a line of %d characters: %s", c.name, len([]rune(line)), line)
			}
		}
		if !strings.Contains(page.String(), "  4  ") || c.about == "" {
			t.Errorf("help of %s is not whole", c.name)
		}
	}
}

func TestReleaseShowPage(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	m := release.Manifest{
		Product: "app", Channel: "stable", Seq: 7, MinSeq: 2, Version: "1.2.3", Urgent: true,
		Issued: at, Expires: at.Add(90 * 24 * time.Hour), Notes: "faster\nand \x1b[31msafer\n",
		Yanked: []string{"1.2.2"}, Blocked: []release.Digest{{9}},
		Rollout: &release.Rollout{Percent: 100, Seed: "s", Ramp: &release.Ramp{From: 10, Start: at, End: at.Add(24 * time.Hour)}},
		Artifacts: map[string]release.Artifact{
			"linux/amd64":  {Size: 15_400_000, Digest: release.Digest{1}, Packing: release.Zstd, PackedSize: 5_100_000, PackedDigest: release.Digest{2}, Deltas: []release.Delta{{From: release.Digest{3}, Size: 42_000}}},
			"darwin/arm64": {Size: 900, Digest: release.Digest{4}},
		},
	}
	one := publish.Shown{Name: "stable.json", Manifest: m, SignedBy: []string{"0123456789ABCDEF"}, Draft: "1.3.0"}
	golden(t, "show/rollout.txt", shownText(one, at.Add(12*time.Hour)))
	one.SignedBy = nil
	golden(t, "show/expired.txt", shownText(one, at.Add(91*24*time.Hour)))
}

func TestReleaseHelp(t *testing.T) {
	b := &bench{t: t, dir: t.TempDir()}
	for _, row := range []struct {
		line string
		code int
		want string
	}{
		{"", exitUsage, "overseer release COMMAND"},
		{"help", 0, "overseer release COMMAND"},
		{"--help", 0, "overseer release COMMAND"},
		{"-h", 0, "overseer release COMMAND"},
		{"help add", 0, "--version VERSION"},
		{"add --help", 0, "--version VERSION"},
		{"keys init -h", 0, "--root FILE"},
		{"help keys", 0, "keys rotate"},
		{"help keys init", 0, "--root FILE"},
		{"help nonsense", exitUsage, "there is no command"},
	} {
		if out, errs := b.release(row.code, row.line); !strings.Contains(out+errs, row.want) {
			t.Errorf("overseer release %s: want %q in\n%s%s", row.line, row.want, out, errs)
		}
	}
}
