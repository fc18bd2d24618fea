package fetcher_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

// touch gives a file a modification time of its own: those that the system
// gives are no finer than its tick.
func touch(t *testing.T, path string, second int64) {
	t.Helper()
	when := time.Unix(second, 0)
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
}

func TestFileInit(t *testing.T) {
	dir := t.TempDir()
	for _, row := range []struct {
		name string
		file fetcher.File
		says string
	}{
		{"not there yet", fetcher.File{Path: filepath.Join(dir, "app")}, ""},
		{"no path", fetcher.File{}, "Path is empty"},
		{"a directory", fetcher.File{Path: dir}, "a directory"},
		{"a device", fetcher.File{Path: os.DevNull}, "a device"},
		{"negative interval", fetcher.File{Path: "app", Interval: -1}, "Interval"},
		{"negative settle", fetcher.File{Path: "app", Settle: -1}, "Settle"},
		{"negative size", fetcher.File{Path: "app", MaxSize: -1}, "MaxSize"},
	} {
		t.Run(row.name, func(t *testing.T) { wantSays(t, row.file.Init(), row.says) })
	}
}

func TestFileLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "app")
		f := &fetcher.File{Path: path}
		if took := wantNothing(t, f); took != 0 {
			t.Errorf("the first look waited %v", took)
		}
		if took := wantNothing(t, f); took != time.Second {
			t.Errorf("the second look waited %v; want 1s", took)
		}
		write(t, path, "")
		wantNothing(t, f) // a copy that begins
		write(t, path, "one")
		if took := wantWhole(t, f, []byte("one")); took != 1200*time.Millisecond {
			t.Errorf("the offer took %v; want 1.2s", took)
		}
		wantNothing(t, f)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		wantNothing(t, f)
		write(t, path, "two") // as long as the one before
		touch(t, path, 2)
		wantWhole(t, f, []byte("two"))
		write(t, path, "six")
		touch(t, path, 3)
		wantWhole(t, f, []byte("six"))
		wantNothing(t, f)
	})
}

func TestFileLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		one, two, current := filepath.Join(dir, "1"), filepath.Join(dir, "2"), filepath.Join(dir, "current")
		write(t, one, "one")
		write(t, two, "two")
		touch(t, one, 1)
		touch(t, two, 1)
		if err := os.Symlink(one, current); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
		f := &fetcher.File{Path: current}
		wantWhole(t, f, []byte("one"))
		wantNothing(t, f)
		if err := os.Symlink(two, current+".new"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(current+".new", current); err != nil {
			t.Fatal(err)
		}
		wantWhole(t, f, []byte("two"))
	})
}

// A copy that is under way between the two looks is left alone until it rests.
func TestFileBeingCopied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "app")
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		copied := make(chan struct{})
		go func() {
			defer close(copied)
			defer file.Close()
			for range 50 {
				time.Sleep(100 * time.Millisecond)
				io.WriteString(file, "part ")
			}
		}()
		f := &fetcher.File{Path: path}
		var got []byte
		for got == nil {
			if got, _, err = fetchAll(t, f); err != nil {
				t.Fatalf("Fetch: %v", err)
			}
		}
		<-copied
		if len(got) != 250 {
			t.Errorf("offered after %v with %d bytes of 250", time.Since(begin), len(got))
		}
	})
}

func TestFileChangesWhileRead(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(t *testing.T, path string)
	}{
		{"longer", func(t *testing.T, path string) { write(t, path, "longer than before") }},
		{"shorter", func(t *testing.T, path string) { write(t, path, "s") }},
		{"as long", func(t *testing.T, path string) { write(t, path, "other!"); touch(t, path, 5) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "app")
				write(t, path, "before")
				f := &fetcher.File{Path: path}
				r, err := f.Fetch()
				if err != nil || r == nil {
					t.Fatalf("Fetch = %v, %v; want the file", r, err)
				}
				row.change(t, path)
				if b, err := io.ReadAll(r); !errors.Is(err, fetcher.ErrChanged) {
					t.Fatalf("read %q and %v; want ErrChanged", b, err)
				}
				r.(fetcher.Receipt).Taken()
				r.(io.Closer).Close()
				now, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				wantWhole(t, f, now)
			})
		})
	}
}

func TestFileErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		_, _, err := fetchAll(t, &fetcher.File{Path: dir})
		wantSays(t, err, "a directory")
		write(t, filepath.Join(dir, "app"), "program")
		_, _, err = fetchAll(t, &fetcher.File{Path: filepath.Join(dir, "app"), MaxSize: 6})
		if !errors.Is(err, fetcher.ErrTooLarge) {
			t.Errorf("error is %v; want ErrTooLarge", err)
		}
		wantWhole(t, &fetcher.File{Path: filepath.Join(dir, "app"), MaxSize: 7}, []byte("program"))
	})
}

func TestCancelledPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fetcher.File{Path: filepath.Join(t.TempDir(), "app"), Interval: time.Hour}
		wantNothing(t, f)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := f.FetchContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("error is %v; want the context's", err)
		}
		if took := wantNothing(t, f); took != 59*time.Minute {
			t.Fatalf("waited %v after a wait of 1m0s was given up; want 59m0s", took)
		}
	})
}

// A reader that is closed, or used after its end, gives errors and no panic.
func TestReaderAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "app")
		write(t, path, "program")
		r, err := (&fetcher.File{Path: path}).Fetch()
		if err != nil || r == nil {
			t.Fatalf("Fetch = %v, %v", r, err)
		}
		about := fetcher.Describe(r)
		if about.Body != r || about.Source != path || about.Size != 7 {
			t.Errorf("Describe = %+v", about)
		}
		for range 2 {
			if err := about.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		if _, err := r.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Read after Close: %v", err)
		}
		for range 2 {
			r.(fetcher.Receipt).Taken()
		}
	})
}
