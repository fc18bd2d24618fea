package publish_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/seed-3d078585/overseer/cmd/internal/publish"
)

// newTree is the directory of a version.
func newTree(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	err := errors.Join(
		os.MkdirAll(filepath.Join(dir, "bin"), 0o777),
		os.MkdirAll(filepath.Join(dir, "share/empty"), 0o777),
		os.WriteFile(filepath.Join(dir, "bin/app"), []byte("#!/bin/sh\n"), 0o777),
		os.WriteFile(filepath.Join(dir, "share/noise"), program("noise"), 0o666),
		os.WriteFile(filepath.Join(dir, "share/version"), []byte(version), 0o644),
		os.Symlink("bin/app", filepath.Join(dir, "app")),
		os.Chtimes(filepath.Join(dir, "bin/app"), time.Time{}, time.Now().Add(time.Duration(len(version))*time.Hour)),
	)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// A directory is published as one tar, the same each time, with deltas.
func TestTree(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: links and modes are needed")
	}
	f := newFixture(t)
	for _, version := range []string{"1.0.0", "1.1.0"} {
		for range 2 {
			_, err := f.Add(t.Context(), publish.AddOptions{Version: version, Inputs: []publish.Input{{Platform: platform, Path: newTree(t, version)}}})
			f.want(err)
		}
		_, err := f.Publish(t.Context(), "", f.how())
		f.want(err)
	}
	f.verify()
	a := f.manifest("stable").Artifacts[platform]
	if len(a.Deltas) != 1 || a.Deltas[0].Size > 1000 {
		t.Errorf("deltas are %+v; want a small one: the directory of 1.0.0 was packed twice the same", a.Deltas)
	}
	packed, err := os.ReadFile(filepath.Join(f.dir, a.URLs[0]))
	f.want(err)
	dec, err := zstd.NewReader(bytes.NewReader(packed))
	f.want(err)
	defer dec.Close()
	var got []string
	for r := tar.NewReader(dec); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		f.want(err)
		if !h.ModTime.Equal(time.Unix(0, 0)) || h.Uid != 0 || h.Uname != "" {
			t.Errorf("%s has an owner or a time: %+v", h.Name, h)
		}
		got = append(got, fmt.Sprintf("%c %04o %s%s", h.Typeflag, h.Mode, h.Name, h.Linkname))
	}
	want := "2 0777 appbin/app|5 0755 bin/|0 0755 bin/app|5 0755 share/|5 0755 share/empty/|0 0644 share/noise|0 0644 share/version"
	if strings.Join(got, "|") != want {
		t.Errorf("the tar has %q; want %s", got, want)
	}
}

func TestTreeIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		make func(dir string) error
		says string
	}{
		"empty":            {func(string) error { return nil }, "no file in it"},
		"an absolute link": {func(dir string) error { return os.Symlink("/etc", filepath.Join(dir, "l")) }, "outside of the directory"},
		"a link out":       {func(dir string) error { return os.Symlink("../x", filepath.Join(dir, "l")) }, "outside of the directory"},
		"a backslash":      {func(dir string) error { return os.WriteFile(filepath.Join(dir, `a\b`), nil, 0o644) }, "backslash"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			dir := t.TempDir()
			if err := row.make(dir); err != nil {
				t.Skip("skipped:", err)
			}
			_, err := f.Add(t.Context(), publish.AddOptions{Version: "1.0.0", Inputs: []publish.Input{{Platform: platform, Path: dir}}})
			if err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("Add: %v; want %q", err, row.says)
			}
		})
	}
	f := newFixture(t)
	_, err := f.Add(t.Context(), publish.AddOptions{Version: "1.0.0", Inputs: []publish.Input{{Platform: platform, Path: f.file([]byte("\x1f\x8b\x08 an archive"))}}})
	if !errors.Is(err, publish.ErrRefused) || !strings.Contains(err.Error(), "packed with gzip") {
		t.Errorf("Add of a tar.gz: %v", err)
	}
	_, err = f.Add(t.Context(), publish.AddOptions{Version: "1.0.0", Inputs: []publish.Input{{Path: t.TempDir()}}})
	if err == nil || !strings.Contains(err.Error(), "say PLATFORM=") {
		t.Errorf("Add of a directory without a platform: %v", err)
	}
}
