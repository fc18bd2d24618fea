package durable_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer/internal/durable"
	"github.com/seed-3d078585/overseer/internal/durable/durabletest"
)

func TestOrder(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(d durable.Disk, dir string) error
		want []string
	}{
		{
			name: "WriteFile",
			do: func(d durable.Disk, dir string) error {
				return d.WriteFile(filepath.Join(dir, "f"), []byte("new"), 0o600)
			},
			want: []string{"create .f.tmp-R", "write .f.tmp-R", "sync .f.tmp-R", "close .f.tmp-R", "rename .f.tmp-R -> f", "syncdir ."},
		},
		{
			name: "Replace",
			do: func(d durable.Disk, dir string) error {
				return d.Replace(filepath.Join(dir, "sub", "g"), filepath.Join(dir, "f"))
			},
			want: []string{"rename sub/g -> f", "syncdir .", "syncdir sub"},
		},
		{
			name: "Link",
			do: func(d durable.Disk, dir string) error {
				return d.Link(filepath.Join(dir, "f"), filepath.Join(dir, "h"))
			},
			want: []string{"link f -> h", "syncdir ."},
		},
		{
			name: "Remove",
			do:   func(d durable.Disk, dir string) error { return d.Remove(filepath.Join(dir, "f")) },
			want: []string{"remove f", "syncdir ."},
		},
		{
			name: "Mkdir",
			do:   func(d durable.Disk, dir string) error { return d.Mkdir(filepath.Join(dir, "new"), 0o700) },
			want: []string{"mkdir new", "syncdir ."},
		},
		{
			name: "Symlink",
			do:   func(d durable.Disk, dir string) error { return d.Symlink("f", filepath.Join(dir, "l")) },
			want: []string{"symlink l", "syncdir ."},
		},
		{
			name: "ReplaceLink",
			do:   func(d durable.Disk, dir string) error { return d.ReplaceLink("f", filepath.Join(dir, "l")) },
			want: []string{"symlink .l.tmp-R", "syncdir .", "rename .l.tmp-R -> l", "syncdir ."},
		},
		{
			name: "RemoveAll",
			do:   func(d durable.Disk, dir string) error { return d.RemoveAll(filepath.Join(dir, "sub")) },
			want: []string{"removeall sub", "syncdir ."},
		},
		{
			name: "SyncTree",
			do:   func(d durable.Disk, dir string) error { return d.SyncTree(dir) },
			want: []string{"synctree ."},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := filled(t)
			tr := &durabletest.Trace{Dir: dir}
			if err := row.do(tr.Disk(), dir); err != nil {
				t.Fatal(err)
			}
			if got, want := strings.Join(tr.Steps(), "\n"), strings.Join(row.want, "\n"); got != want {
				t.Fatalf("steps:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// Whichever step fails, the old bytes or the new ones are there, whole, and no
// other file.
func TestWriteFileFailsAtEachStep(t *testing.T) {
	for step := 1; ; step++ {
		dir := filled(t)
		tr := &durabletest.Trace{Dir: dir, Fault: durabletest.Once(step, syscall.ENOSPC)}
		err := tr.Disk().WriteFile(filepath.Join(dir, "f"), []byte("new"), 0o600)
		if err == nil {
			if step != 7 {
				t.Fatalf("WriteFile has %d steps; want 6", step-1)
			}
			return
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("step %d: %v; want ENOSPC", step, err)
		}
		got, _ := os.ReadFile(filepath.Join(dir, "f"))
		if s := string(got); s != "old" && s != "new" {
			t.Fatalf("step %d (%v): file holds %q; want the old or the new bytes", step, tr.Steps(), s)
		}
		if names := entries(t, dir); names != "f sub" {
			t.Fatalf("step %d (%v): directory holds %q; want %q", step, tr.Steps(), names, "f sub")
		}
	}
}

// Whichever step fails, the link leads to the old place or the new one, and no
// other is there.
func TestReplaceLinkFailsAtEachStep(t *testing.T) {
	for step := 1; step <= 5; step++ {
		dir := filled(t)
		link := filepath.Join(dir, "l")
		if err := os.Symlink("old", link); err != nil {
			t.Fatal(err)
		}
		tr := &durabletest.Trace{Dir: dir, Fault: durabletest.Once(step, syscall.ENOSPC)}
		if err := tr.Disk().ReplaceLink("new", link); (err == nil) != (step == 5) || err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("step %d: %v", step, err)
		}
		want := "old"
		if step > 3 {
			want = "new"
		}
		if got, err := os.Readlink(link); got != want || err != nil {
			t.Fatalf("step %d (%v): the link leads to %q, %v; want %q", step, tr.Steps(), got, err, want)
		}
		if names := entries(t, dir); names != "f l sub" {
			t.Fatalf("step %d (%v): directory holds %q", step, tr.Steps(), names)
		}
	}
}

func TestSyncTreeTells(t *testing.T) {
	if err := (durable.Disk{}).SyncTree(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("SyncTree of nothing = %v", err)
	}
}

func TestRemoveAbsent(t *testing.T) {
	if err := (durable.Disk{}).Remove(filepath.Join(t.TempDir(), "absent")); err != nil {
		t.Fatal(err)
	}
}

func TestExistIsMatched(t *testing.T) {
	dir := filled(t)
	f := filepath.Join(dir, "f")
	for name, err := range map[string]error{
		"Mkdir": durable.Disk{}.Mkdir(filepath.Join(dir, "sub"), 0o700),
		"Link":  durable.Disk{}.Link(f, f),
	} {
		if !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s = %v; want one that matches fs.ErrExist", name, err)
		}
	}
}

func TestTempNames(t *testing.T) {
	name := filepath.Base(durable.Temp("/dir/app"))
	for _, row := range []struct {
		name, file, base string
		want             bool
	}{
		{"its own", name, "app", true},
		{"another file's", name, "ap", false},
		{"a longer base", name, "app.tmp-", false},
		{"no random part", ".app.tmp-", "app", false},
		{"a user's file", ".app.tmp-holiday", "app", false},
		{"lower case", strings.ToLower(name), "app", false},
	} {
		if got := durable.IsTemp(row.file, row.base); got != row.want {
			t.Errorf("%s: IsTemp(%q, %q) = %v; want %v", row.name, row.file, row.base, got, row.want)
		}
	}
}

// filled returns a directory with a file "f" and, in "sub", a file "g".
func filled(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	sub := filepath.Join(dir, "sub")
	if err := errors.Join(
		os.Mkdir(sub, 0o700),
		os.WriteFile(filepath.Join(sub, "g"), []byte("other"), 0o600),
		os.WriteFile(filepath.Join(dir, "f"), []byte("old"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	return dir
}

func entries(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}
