package publish_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/cmd/internal/publish"
)

// A directory that does not fit together is refused and left as it is.
func TestWrongState(t *testing.T) {
	copyOver := func(f *fixture, from, to string) error {
		data, err := os.ReadFile(filepath.Join(f.dir, from))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(f.dir, to), data, 0o644)
	}
	for _, row := range []struct {
		name  string
		spoil func(f *fixture) error
		text  string
	}{
		{"put back from a backup", func(f *fixture) error {
			f.publish("stable", "1.1.0")
			f.publish("stable", "1.2.0")
			return copyOver(f, "history/stable/1.json", "stable.json")
		}, "history/stable/2.json"},
		{"changed by hand", func(f *fixture) error {
			data, err := os.ReadFile(filepath.Join(f.dir, "stable.json"))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(f.dir, "stable.json"), []byte(strings.Replace(string(data), `"1.0.0"`, `"1.0.1"`, 1)), 0o644)
		}, "no signatures"},
		{"cut", func(f *fixture) error { return os.Truncate(filepath.Join(f.dir, "stable.json"), 100) }, "not well formed"},
		{"the manifest of another channel", func(f *fixture) error { return copyOver(f, "stable.json", "beta.json") }, "put there by hand"},
		{"history of another seq", func(f *fixture) error {
			f.publish("stable", "1.1.0")
			return copyOver(f, "history/stable/1.json", "history/stable/7.json")
		}, "history/stable/7.json"},
		{"signatures that are none", func(f *fixture) error {
			names, err := filepath.Glob(filepath.Join(f.dir, "signatures", "*"))
			if err != nil || len(names) != 1 {
				return errors.New("no one file of signatures")
			}
			return os.WriteFile(names[0], []byte("x"), 0o644)
		}, "not in the form of minisign"},
		{"a key list without signatures", func(f *fixture) error {
			return os.WriteFile(filepath.Join(f.dir, "keys.json"), []byte("{}"), 0o644)
		}, "keys.json"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newFixture(t)
			f.publish("stable", "1.0.0")
			f.want(row.spoil(f))
			before := tree(t, f.dir)
			_, err := f.Publish(t.Context(), "", f.how())
			if !errors.Is(err, publish.ErrState) || !strings.Contains(err.Error(), row.text) {
				t.Errorf("published: %v; want %v with %q", err, publish.ErrState, row.text)
			}
			if _, err := f.About(); !errors.Is(err, publish.ErrState) {
				t.Errorf("read: %v; want %v", err, publish.ErrState)
			}
			if after := tree(t, f.dir); after != before {
				t.Errorf("it was touched:\n%s\nbefore:\n%s", after, before)
			}
		})
	}
}

// tree lists what readers see, with the digests of the files.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var text strings.Builder
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(e.Name(), ".") && path != dir {
			return filepath.SkipDir
		}
		if e.IsDir() {
			return nil
		}
		data, err := os.ReadFile(path)
		text.WriteString(strings.TrimPrefix(path, dir) + " " + digestOf(data).Short() + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// A damaged packed program is found before anything is made of it.
func TestDamagedProgram(t *testing.T) {
	f := newFixture(t)
	f.publish("stable", "1.0.0")
	path := filepath.Join(f.dir, "programs", digestOf(program("1.0.0")).String()+".zst")
	f.want(os.Truncate(path, 1000))
	_, err := f.Add(t.Context(), publish.AddOptions{Version: "1.1.0", Inputs: []publish.Input{{Platform: platform, Path: f.file(program("1.0.0"))}}})
	if !errors.Is(err, publish.ErrState) || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("added what stands damaged: %v", err)
	}
	if report := f.report(); report.OK {
		t.Error("it verifies")
	}
}

// Two publishers do not meet.
func TestBusy(t *testing.T) {
	f := newFixture(t)
	f.add("stable", "1.0.0")
	inside, leave := make(chan struct{}), make(chan struct{})
	first := true
	f.open(publish.Options{Before: func(string, string) {
		if first {
			first = false
			close(inside)
			<-leave
		}
	}})
	done := make(chan error, 1)
	how := f.how()
	go func() { _, err := f.Publish(t.Context(), "", how); done <- err }()
	<-inside
	other, err := publish.Open(f.dir, publish.Options{Wait: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Publish(t.Context(), "", how); !errors.Is(err, publish.ErrBusy) {
		t.Errorf("two publishers at a time: %v", err)
	}
	close(leave)
	if err := <-done; err != nil {
		t.Error(err)
	}
	f.verify()
}
