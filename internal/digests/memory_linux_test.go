package digests

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// lie are sums that no file has: who returns them has not hashed.
var lie = Sums{Digest: release.Digest{1}, ID: "0102030405060708090a0b0c0d0e0f1011121314"}

// A place is a file, and a memory whose record says something else of it.
type place struct {
	file, record string
	data         []byte
}

// remembered makes one. The memory was shown the file an hour after its change.
func remembered(t *testing.T) place {
	t.Helper()
	dir := t.TempDir()
	p := place{file: filepath.Join(dir, "app"), record: filepath.Join(dir, File), data: []byte("a program")}
	write(t, p.file, p.data)
	m := p.memory()
	if got := of(t, m, p.file); got != sums(p.data) {
		t.Fatalf("%v, want %v", got, sums(p.data))
	}
	if err := m.Keep(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(p.record)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("nothing is remembered on the filesystem of %s", dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte(sums(p.data).ID), []byte(lie.ID), 1)
	text = bytes.Replace(text, []byte(sums(p.data).Digest.String()), []byte(lie.Digest.String()), 1)
	write(t, p.record, text)
	return p
}

// memory is a new one, as of the next process, an hour later.
func (p place) memory() *Memory {
	m := New(p.record)
	m.now = func() time.Time { return time.Now().Add(time.Hour) }
	return m
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func of(t *testing.T, m *Memory, path string) Sums {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := m.Of(f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRemembered(t *testing.T) {
	p := remembered(t)
	if got := of(t, p.memory(), p.file); got != lie {
		t.Errorf("%v: the file was hashed again", got)
	}
	info, err := os.Stat(p.record)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want 0600", info.Mode(), err)
	}
	m := New("")
	m.now = p.memory().now
	if got := of(t, m, p.file); got != sums(p.data) {
		t.Errorf("%v without a record, want %v", got, sums(p.data))
	}
	if err := m.Keep(); err != nil {
		t.Error(err)
	}
}

// TestChanged: whoever writes to a file changes its ctime, whatever he sets then.
func TestChanged(t *testing.T) {
	other := []byte("b program") // as long
	for _, row := range []struct {
		name   string
		change func(t *testing.T, p place)
	}{
		{"in place, with its time of modification put back", func(t *testing.T, p place) {
			info, err := os.Stat(p.file)
			if err != nil {
				t.Fatal(err)
			}
			write(t, p.file, other)
			if err := os.Chtimes(p.file, info.ModTime(), info.ModTime()); err != nil {
				t.Fatal(err)
			}
		}},
		{"by another one in its place", func(t *testing.T, p place) {
			write(t, p.file+".new", other)
			if err := os.Rename(p.file+".new", p.file); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := remembered(t)
			row.change(t, p)
			if got := of(t, p.memory(), p.file); got != sums(other) {
				t.Errorf("%v, want %v", got, sums(other))
			}
		})
	}
}

// TestRacy: of a file that was changed just now nothing is remembered, as within
// one tick of the clock it may be changed again.
func TestRacy(t *testing.T) {
	p := remembered(t)
	if err := os.Remove(p.record); err != nil {
		t.Fatal(err)
	}
	write(t, p.file, p.data)
	info, err := os.Stat(p.file)
	if err != nil {
		t.Fatal(err)
	}
	m := p.memory()
	for _, row := range []struct {
		after time.Duration
		kept  bool
	}{{racy / 2, false}, {-time.Hour, false}, {racyWhole + time.Second, true}} {
		m.now = func() time.Time { return info.ModTime().Add(row.after) }
		of(t, m, p.file)
		if err := m.Keep(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(p.record); (err == nil) != row.kept {
			t.Errorf("hashed %v after the change: %v, remembered: want %v", row.after, err, row.kept)
		}
	}
	whole := time.Unix(1_700_000_000, 0)
	if settled(whole.Add(racyWhole), whole) || settled(whole.Add(racy), whole.Add(1)) || !settled(whole.Add(racy+2), whole.Add(1)) {
		t.Error("a filesystem that counts in seconds is given as much time as one that does not")
	}
}

// TestRecordIsNotBelieved: then the file is hashed, and nothing is an error.
func TestRecordIsNotBelieved(t *testing.T) {
	edit := func(old, new string) func(*testing.T, place) {
		return func(t *testing.T, p place) {
			text, err := os.ReadFile(p.record)
			if err != nil {
				t.Fatal(err)
			}
			changed := bytes.Replace(text, []byte(old), []byte(new), 1)
			if bytes.Equal(changed, text) {
				t.Fatalf("%s has no %q", text, old)
			}
			write(t, p.record, changed)
		}
	}
	do := func(f func(p place) error) func(*testing.T, place) {
		return func(t *testing.T, p place) {
			if err := f(p); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, row := range []struct {
		name   string
		change func(*testing.T, place)
	}{
		{"of another boot", edit(`"boot":"`, `"boot":"0`)},
		{"of no boot", edit(`"boot":"`, `"booted":"`)},
		{"of another version", edit(`"version":1`, `"version":2`)},
		{"of another filesystem", edit(`"filesystem":[`, `"filesystem":[1`)},
		{"of another size", edit(`"size":9`, `"size":8`)},
		{"without a digest", edit(lie.Digest.String(), release.Digest{}.String())},
		{"with a digest that is cut", edit(lie.Digest.String(), "01")},
		{"with an ID that is none", edit(lie.ID, "zz")},
		{"cut", do(func(p place) error { return os.Truncate(p.record, 40) })},
		{"too long", do(func(p place) error {
			text, err := os.ReadFile(p.record)
			if err != nil {
				return err
			}
			return os.WriteFile(p.record, append(text, bytes.Repeat([]byte(" "), maxRecord)...), 0o600)
		})},
		{"others may read it", do(func(p place) error { return os.Chmod(p.record, 0o640) })},
		{"others may write it", do(func(p place) error { return os.Chmod(p.record, 0o602) })},
		{"a link", do(func(p place) error {
			if err := os.Rename(p.record, p.record+".there"); err != nil {
				return err
			}
			return os.Symlink(p.record+".there", p.record)
		})},
		{"a directory", do(func(p place) error {
			if err := os.Remove(p.record); err != nil {
				return err
			}
			return os.Mkdir(p.record, 0o700)
		})},
		{"missing", do(func(p place) error { return os.Remove(p.record) })},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := remembered(t)
			row.change(t, p)
			if got := of(t, p.memory(), p.file); got != sums(p.data) {
				t.Errorf("%v, want %v", got, sums(p.data))
			}
		})
	}
	t.Run("of another user", func(t *testing.T) {
		p := remembered(t)
		if err := os.Chown(p.record, 65534, 65534); err != nil {
			t.Skip(err)
		}
		if got := of(t, p.memory(), p.file); got != sums(p.data) {
			t.Errorf("%v, want %v", got, sums(p.data))
		}
	})
}

// TestRecordIsShared: what another process has found stays, and the oldest goes.
func TestRecordIsShared(t *testing.T) {
	p := remembered(t)
	one, two := p.memory(), p.memory()
	of(t, one, p.file)
	of(t, two, p.file)
	var names []string
	for i := range kept { // and with the first one, one too many
		name := fmt.Sprintf("%s-%d", p.file, i)
		write(t, name, fmt.Append(nil, i))
		names = append(names, name)
	}
	half := kept / 2
	for i, name := range names {
		m := one
		if i >= half {
			m = two
		}
		of(t, m, name)
	}
	for _, m := range []*Memory{one, two} {
		if err := m.Keep(); err != nil {
			t.Fatal(err)
		}
	}
	m := p.memory()
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		was, known := take(f)
		f.Close()
		if _, ok := m.recall(was); !known || !ok {
			t.Errorf("%s is forgotten", filepath.Base(name))
		}
	}
	if got := of(t, m, p.file); got != sums(p.data) {
		t.Errorf("%v: one file too many is remembered", got)
	}
}
