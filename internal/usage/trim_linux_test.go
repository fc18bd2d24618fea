package usage

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTrim: the code is among what is given back, and goes on. How much of it is
// mapped again at once depends on the size of the kernel's pages.
func TestTrim(t *testing.T) {
	all, err := ownMappings()
	if err != nil {
		t.Fatal(err)
	}
	code := reflect.ValueOf(TestTrim).Pointer()
	if some := trimmed(all); !slices.ContainsFunc(some, func(m mapping) bool { return m.holds(code) }) {
		t.Errorf("the code at %#x is not among %+v", code, some)
	}
	if err := Trim(); err != nil {
		t.Fatal(err)
	}
}

// TestGiveBack: pages of a file that nobody touches meanwhile are gone, and there
// again for whoever reads them.
func TestGiveBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	data, err := unix.Mmap(int(f.Fd()), 0, 1<<20, unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_POPULATE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(data)
	find := func() mapping {
		all, err := ownMappings()
		if err != nil {
			t.Fatal(err)
		}
		at := reflect.ValueOf(data).Pointer()
		i := slices.IndexFunc(all, func(m mapping) bool { return m.holds(at) })
		if i < 0 {
			t.Fatalf("no mapping holds %#x: %+v", at, all)
		}
		return all[i]
	}
	m := find()
	if !m.clean || m.resident != 1<<10 {
		t.Fatalf("%+v, want 1,024 KiB, and clean", m)
	}
	if err := m.giveBack(); err != nil {
		t.Fatal(err)
	}
	if m := find(); m.resident != 0 {
		t.Errorf("%d KiB are resident, want none", m.resident)
	}
	if data[12345] != 'x' {
		t.Error("what was given back is not there again")
	}
}

func TestReadMappings(t *testing.T) {
	const header = "00400000-0093b000 r-xp 00000000 fd:00 9979398 /opt/my app"
	numbers := func(lines ...string) string { return strings.Join(lines, "\n") + "\nVmFlags: rd ex mr mw me sd \n" }
	for _, row := range []struct {
		name, text string
		clean      bool
	}{
		{"code", header + "\n" + numbers("Rss:                3916 kB", "Private_Clean:      3916 kB", "Private_Dirty:         0 kB", "Anonymous:             0 kB", "Locked:                0 kB"), true},
		{"a page was written to", header + "\n" + numbers("Rss: 3916 kB", "Anonymous: 4 kB"), false},
		{"it is locked", header + "\n" + numbers("Rss: 3916 kB", "Locked: 3916 kB"), false},
		{"it can be written to", strings.Replace(header, "r-x", "rwx", 1) + "\n" + numbers("Rss: 3916 kB"), false},
		{"it is shared", strings.Replace(header, "xp", "xs", 1) + "\n" + numbers("Rss: 3916 kB"), false},
		{"no file", "00400000-0093b000 r-xp 00000000 00:00 0\n" + numbers("Rss: 3916 kB"), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			all, err := readMappings(strings.NewReader(row.text))
			if err != nil || len(all) != 1 {
				t.Fatalf("%+v, %v, want one", all, err)
			}
			want := mapping{start: 0x400000, end: 0x93b000, resident: 3916, clean: row.clean}
			if all[0] != want {
				t.Errorf("%+v, want %+v", all[0], want)
			}
		})
	}
	if all, err := readMappings(strings.NewReader("nothing of the kind\n")); err == nil {
		t.Errorf("%+v of what is no smaps", all)
	}
}
