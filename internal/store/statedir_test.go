//go:build unix

package store

import (
	"os"
	"path/filepath"
	"testing"
)

func TestStateDir(t *testing.T) {
	for _, row := range []struct {
		name string
		make func(t *testing.T, dir string) error
		root bool
		want error
	}{
		{name: "absent", make: func(*testing.T, string) error { return nil }},
		{name: "ours", make: func(_ *testing.T, dir string) error { return os.Mkdir(dir, 0o700) }},
		{name: "readable by others", make: func(_ *testing.T, dir string) error { return os.Mkdir(dir, 0o755) }},
		{name: "a link", make: func(t *testing.T, dir string) error { return os.Symlink(t.TempDir(), dir) }, want: ErrUnsafeDir},
		{name: "a file", make: func(_ *testing.T, dir string) error { return os.WriteFile(dir, nil, 0o600) }, want: ErrUnsafeDir},
		{name: "group may write", make: func(_ *testing.T, dir string) error { return mkdirMode(dir, 0o770) }, want: ErrUnsafeDir},
		{name: "world may write", make: func(_ *testing.T, dir string) error { return mkdirMode(dir, 0o702) }, want: ErrUnsafeDir},
		{name: "another owner", root: true, make: func(_ *testing.T, dir string) error {
			if err := os.Mkdir(dir, 0o700); err != nil {
				return err
			}
			return os.Chown(dir, 65534, 65534)
		}, want: ErrUnsafeDir},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.root {
				asRoot(t)
			}
			target := newTarget(t, v1)
			s := open(t, target)
			must(t, row.make(t, s.Dir()))
			err := s.CanUpgrade()
			_, stageErr := s.Stage(t.Context(), bytesOf(t, v2), 0)
			if row.want == nil {
				must(t, err)
				must(t, stageErr)
				return
			}
			mustIs(t, err, row.want)
			mustIs(t, stageErr, row.want)
			if _, _, err := s.Quarantined(sum(v2)); err == nil {
				t.Fatal("the record of an unsafe directory is believed")
			}
		})
	}
}

func mkdirMode(dir string, mode os.FileMode) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return os.Chmod(dir, mode) // past the umask
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	for _, row := range []struct {
		name, target string
		want         error
	}{
		{"absent", filepath.Join(dir, "absent"), ErrVanished},
		{"a directory", dir, ErrNotFile},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := Open(row.target, "")
			mustIs(t, err, row.want)
		})
	}
	must(t, os.WriteFile(filepath.Join(dir, "app"), v1, 0o755))
	must(t, os.Symlink("app", filepath.Join(dir, "link")))
	s := open(t, filepath.Join(dir, "link"))
	if want := filepath.Join(dir, ".app.overseer"); s.Dir() != want {
		t.Fatalf("Dir = %q; want %q", s.Dir(), want)
	}
	if at, err := s.Target(); err != nil || at != filepath.Join(dir, "app") {
		t.Fatalf("Target = %q, %v", at, err)
	}
	wantFiles(t, dir, "app", "link")
}
