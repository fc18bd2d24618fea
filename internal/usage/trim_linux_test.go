package usage

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestTrim(t *testing.T) {
	resident := func() (all int64) {
		f, err := os.Open("/proc/self/smaps")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		mappings, err := readMappings(f)
		if err != nil {
			t.Fatal(err)
		}
		code := reflect.ValueOf(Trim).Pointer()
		for _, m := range mappings {
			if m.holds(code) {
				return m.resident
			}
		}
		t.Fatalf("no mapping holds %#x: %+v", code, mappings)
		return 0
	}
	had := resident()
	if err := Trim(); err != nil {
		t.Fatal(err)
	}
	// What this test goes through is there again, with 64 KiB around each place.
	if has := resident(); has >= had {
		t.Errorf("%d KiB of the code are resident, %d were before", has, had)
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
