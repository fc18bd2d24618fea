package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/internal/durable"
)

// An entry of an archive under test.
type entry struct {
	name, body string
	mode       int64
	kind       byte // tar's; 0 is a regular file
	link       string
}

func dirOf(name string) entry  { return entry{name: name, mode: 0o755, kind: tar.TypeDir} }
func fileOf(name string) entry { return entry{name: name, body: "of " + name, mode: 0o644} }
func linkOf(name, to string) entry {
	return entry{name: name, kind: tar.TypeSymlink, link: to, mode: 0o777}
}
func hardOf(name, of string) entry {
	return entry{name: name, kind: tar.TypeLink, link: of, mode: 0o755}
}
func kindOf(name string, k byte) entry { return entry{name: name, kind: k, mode: 0o644} }

func tarOf(entries ...entry) []byte {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, e := range entries {
		h := tar.Header{Name: e.name, Mode: e.mode, Typeflag: e.kind, Linkname: e.link, Size: int64(len(e.body))}
		if e.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(&h); err != nil {
			panic(err)
		}
		w.Write([]byte(e.body))
	}
	w.Close()
	return packed.Bytes()
}

func zipOf(entries ...entry) []byte {
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for _, e := range entries {
		h := zip.FileHeader{Name: e.name, Method: zip.Deflate}
		mode := fs.FileMode(e.mode).Perm()
		body := e.body
		switch e.kind {
		case tar.TypeSymlink:
			mode |= fs.ModeSymlink
			body = e.link
		case tar.TypeDir:
			mode |= fs.ModeDir
			h.Name = strings.TrimSuffix(e.name, "/") + "/"
		case tar.TypeFifo:
			mode |= fs.ModeNamedPipe
		case tar.TypeChar:
			mode |= fs.ModeDevice | fs.ModeCharDevice
		}
		h.SetMode(mode)
		f, err := w.CreateHeader(&h)
		if err != nil {
			panic(err)
		}
		f.Write([]byte(body))
	}
	w.Close()
	return packed.Bytes()
}

func unpack(t testing.TB, data []byte, b Bounds) (dir string, l Listing, err error) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "tree")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err = Unpack(t.Context(), durable.Disk{}, bytes.NewReader(data), int64(len(data)), dir, b)
	return dir, l, err
}

func TestUnpack(t *testing.T) {
	entries := []entry{
		dirOf("./"),
		{name: "run.sh", body: "#!/bin/sh\n", mode: 0o4777},
		dirOf("empty/"),
		{name: "share/deep/data", body: strings.Repeat("data ", 300_000), mode: 0o002},
		linkOf("share/run", "../run.sh"),
		linkOf("later", "after"),
		linkOf("dangling", "nowhere"),
		{name: "share/", mode: 0o500, kind: tar.TypeDir},
		fileOf("after"),
	}
	hard := append(slices.Clone(entries), hardOf("share/again", "run.sh"))
	for name, data := range map[string][]byte{"tar": tarOf(hard...), "zip": zipOf(entries[1:]...)} {
		t.Run(name, func(t *testing.T) {
			dir, l, err := unpack(t, data, Bounds{})
			if err != nil {
				t.Fatal(err)
			}
			for path, want := range map[string]fs.FileMode{
				"run.sh": 0o755, "empty": fs.ModeDir | 0o755, "share": fs.ModeDir | 0o700, "share/deep": fs.ModeDir | 0o755, "share/deep/data": 0o400,
			} {
				if info, err := os.Lstat(filepath.Join(dir, path)); err != nil || info.Mode() != want {
					t.Errorf("%s has %v, %v; want %v", path, info.Mode(), err, want)
				}
			}
			if data, err := os.ReadFile(filepath.Join(dir, "share/deep/data")); err != nil || string(data) != entries[3].body {
				t.Errorf("share/deep/data has %d bytes, %v", len(data), err)
			}
			if text, err := os.ReadFile(filepath.Join(dir, "share/run")); err != nil || string(text) != "#!/bin/sh\n" {
				t.Errorf("share/run reads %q, %v", text, err)
			}
			if name == "tar" {
				a, _ := os.Stat(filepath.Join(dir, "share/again"))
				b, _ := os.Stat(filepath.Join(dir, "run.sh"))
				if !os.SameFile(a, b) {
					t.Error("the hard link is none")
				}
			}
			again, err := List(t.Context(), bytes.NewReader(data), int64(len(data)), Bounds{})
			if err != nil || fmt.Sprint(again) != fmt.Sprint(l) {
				t.Errorf("List gives %v, %v; want %v", again, err, l)
			}
			if err := l.Compare(t.Context(), dir); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRules(t *testing.T) {
	app := entry{name: "app", body: "program", mode: 0o755}
	deep := strings.Repeat("d/", maxDepth)
	for _, row := range []struct {
		name    string
		entries []entry
		says    string // "": it is taken
		tarOnly bool
	}{
		{"one file", []entry{app}, "", false},
		{"absolute", []entry{app, fileOf("/etc/passwd")}, "leads out", false},
		{"upward", []entry{app, fileOf("../x")}, "leads out", false},
		{"upward inside", []entry{app, fileOf("a/../b")}, "leads out", false},
		{"upward, the tree itself", []entry{app, dirOf("a/..")}, "leads out", false},
		{"backslash", []entry{fileOf(`..\x`)}, "backslash", false},
		{"end of a line", []entry{fileOf("a\nb")}, "control character", false},
		{"no UTF-8", []entry{fileOf("a\xff")}, "no UTF-8", true},
		{"a file as the tree", []entry{fileOf(".")}, "want the directory itself", true},
		{"twice", []entry{app, app}, "twice", false},
		{"twice, by another spelling", []entry{app, {name: "./app", body: "evil", mode: 0o755}}, "twice", false},
		{"a directory twice", []entry{dirOf("a"), dirOf("a/")}, "twice", false},
		{"a directory after what is in it", []entry{fileOf("a/b"), dirOf("a/"), fileOf("a/c")}, "", false},
		{"a directory after what is in it, twice", []entry{fileOf("a/b"), dirOf("a/"), dirOf("a/")}, "twice", false},
		{"a file and a directory", []entry{fileOf("a"), dirOf("a")}, "twice", false},
		{"case", []entry{fileOf("README"), fileOf("readme")}, "case only", false},
		{"case of a directory", []entry{fileOf("A/x"), fileOf("a/y")}, "case only", false},
		{"case beyond ASCII", []entry{fileOf("straße"), fileOf("STRASSE"), fileOf("ſ"), fileOf("S")}, "case only", false},
		{"below a file", []entry{app, fileOf("app/x")}, `"app", which is a file`, false},
		{"below a link", []entry{dirOf("a"), linkOf("l", "a"), fileOf("l/x")}, `"l", which is a symbolic link`, false},
		{"through a link, twice", []entry{linkOf("l", "."), linkOf("l/m", "..")}, `"l", which is a symbolic link`, false},
		{"a link over a file", []entry{app, linkOf("app", "b")}, "twice", false},
		{"a file over a link", []entry{linkOf("app", "b"), app}, "twice", false},
		{"a link in it", []entry{app, linkOf("a/b/l", "../../app")}, "", false},
		{"a link to the tree", []entry{app, linkOf("l", ".")}, "", false},
		{"a link out", []entry{linkOf("l", "..")}, "outside of it", false},
		{"a link out, deeper", []entry{linkOf("a/l", "../../x")}, "outside of it", false},
		{"an absolute link", []entry{linkOf("l", "/etc")}, "want a relative path", false},
		{"a link out by another link", []entry{dirOf("a/b"), linkOf("a/b/s", "../.."), linkOf("t", "a/b/s/../x")}, "at its beginning only", false},
		{"a link to itself", []entry{linkOf("l", "l")}, `the link "l"`, false},
		{"links in a circle", []entry{linkOf("l", "m"), linkOf("m", "l")}, `the link "l"`, false},
		{"an empty link", []entry{{name: "l", kind: tar.TypeSymlink, mode: 0o777}}, "holds 0 bytes", false},
		{"a long link", []entry{linkOf("l", strings.Repeat("x", maxPath+1))}, "bytes: want 1 to", false},
		{"a hard link", []entry{app, hardOf("b", "./app")}, "", true},
		{"a hard link to what comes later", []entry{hardOf("b", "app"), app}, "no file that came before", true},
		{"a hard link to a link", []entry{app, linkOf("l", "app"), hardOf("b", "l")}, "no file that came before", true},
		{"a hard link to a directory", []entry{dirOf("d"), hardOf("b", "d")}, "no file that came before", true},
		{"a hard link out", []entry{hardOf("b", "../../etc/passwd")}, "leads out", true},
		{"a hard link, absolute", []entry{hardOf("b", "/etc/passwd")}, "leads out", true},
		{"a device", []entry{kindOf("null", tar.TypeChar)}, "a device", false},
		{"a disk", []entry{kindOf("sda", tar.TypeBlock)}, "a device", true},
		{"a pipe", []entry{kindOf("p", tar.TypeFifo)}, "a named pipe", false},
		{"something else", []entry{{name: "x", kind: tar.TypeCont, mode: 0o644}}, "of tar type", true},
		{"empty", nil, "", false},
		{"only the tree", []entry{dirOf("./")}, "it is empty", true},
		{"as deep as it may be", []entry{fileOf(strings.TrimSuffix(deep, "d/") + "f")}, "", false},
		{"too deep", []entry{fileOf(deep + "f")}, "directories deep", false},
		{"a long name", []entry{fileOf(strings.Repeat("n", maxName+1))}, "has a name of", false},
		{"a long path", []entry{fileOf(strings.Repeat(strings.Repeat("n", 99)+"/", 10) + strings.Repeat("n", 99))}, "bytes: want 1 to", false},
	} {
		for _, form := range []string{"tar", "zip"} {
			if row.tarOnly && form == "zip" {
				continue
			}
			t.Run(row.name+" "+form, func(t *testing.T) {
				data := map[string]func(...entry) []byte{"tar": tarOf, "zip": zipOf}[form](row.entries...)
				if row.entries == nil {
					row.says = map[string]string{"tar": "neither as a tar", "zip": "neither as a tar"}[form]
				}
				checkRow(t, data, row.says)
			})
		}
	}
}

// checkRow unpacks beside a canary: whatever happens, nothing but the tree was
// touched.
func checkRow(t *testing.T, data []byte, says string) {
	t.Helper()
	dir, l, err := unpack(t, data, Bounds{})
	_, listErr := List(t.Context(), bytes.NewReader(data), int64(len(data)), Bounds{})
	if says == "" {
		if err != nil || listErr != nil {
			t.Fatalf("Unpack: %v; List: %v; want it taken", err, listErr)
		}
		if err := l.Compare(t.Context(), dir); err != nil {
			t.Error(err)
		}
	} else if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), says) {
		t.Errorf("Unpack: %v; want a refusal with %q", err, says)
	}
	alone(t, dir)
}

// alone says that nothing is beside the tree, and nothing in it leads out.
func alone(t testing.TB, dir string) {
	t.Helper()
	beside, err := os.ReadDir(filepath.Dir(dir))
	if err != nil || len(beside) != 1 {
		t.Fatalf("beside the tree are %v, %v", beside, err)
	}
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if m := info.Mode(); m&(fs.ModeSetuid|fs.ModeSetgid) != 0 || m.Type() != fs.ModeSymlink && m.Perm()&0o022 != 0 || m.Type()&^(fs.ModeDir|fs.ModeSymlink) != 0 {
			return fmt.Errorf("%s is %v", path, m)
		}
		if info.Mode().Type() != fs.ModeSymlink {
			return nil
		}
		to, err := filepath.EvalSymlinks(path)
		if err != nil { // it dangles, or goes round
			return nil
		}
		home, err := filepath.EvalSymlinks(dir)
		if err == nil && to != home && !strings.HasPrefix(to, home+"/") {
			err = fmt.Errorf("%s leads to %s", path, to)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Some filesystems take two names for one that differ in more than case.
func TestNameThatIsThere(t *testing.T) {
	data := tarOf(fileOf("a"), fileOf("b"))
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "b"), []byte("there"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Unpack(t.Context(), durable.Disk{}, bytes.NewReader(data), int64(len(data)), dir, Bounds{})
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "one on this filesystem") {
		t.Errorf("Unpack: %v", err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "b")); err != nil || string(text) != "there" {
		t.Errorf("what was there holds %q, %v", text, err)
	}
}

func TestBounds(t *testing.T) {
	for _, form := range []func(...entry) []byte{tarOf, zipOf} {
		data := form(fileOf("a"), fileOf("b/c")) // 4 and 6 bytes; three entries
		for _, row := range []struct {
			b    Bounds
			says string
		}{
			{Bounds{Bytes: 10, Entries: 3}, ""},
			{Bounds{Bytes: 8}, "more bytes than allowed"},
			{Bounds{Entries: 2}, "too many entries"},
		} {
			_, _, err := unpack(t, data, row.b)
			if row.says == "" && err != nil || row.says != "" && (!errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), row.says)) {
				t.Errorf("%+v: %v; want %q", row.b, err, row.says)
			}
		}
	}
}

func TestOtherForms(t *testing.T) {
	for name, row := range map[string]struct{ data, says string }{
		"gzip":    {"\x1f\x8b\x08 and so on", "packed with gzip"},
		"zstd":    {"\x28\xb5\x2f\xfd and so on", "packed with zstd"},
		"xz":      {"\xfd7zXZ\x00 and so on", "packed with xz"},
		"program": {"\x7fELF and so on", "neither as a tar"},
		"nothing": {"", "neither as a tar"},
	} {
		_, _, err := unpack(t, []byte(row.data), Bounds{})
		if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v; want a refusal with %q", name, err, row.says)
		}
	}
}

// What was cut short is never taken.
func TestCut(t *testing.T) {
	for name, data := range map[string][]byte{"tar": tarOf(fileOf("a"), fileOf("b")), "zip": zipOf(fileOf("a"), fileOf("b"))} {
		whole, err := List(t.Context(), bytes.NewReader(data), int64(len(data)), Bounds{})
		if err != nil || len(whole) != 2 {
			t.Fatalf("%s: %v, %v", name, whole, err)
		}
		for n := range len(data) {
			l, err := List(t.Context(), bytes.NewReader(data[:n]), int64(n), Bounds{})
			if err == nil && (name == "zip" || fmt.Sprint(l) != fmt.Sprint(whole)) {
				t.Fatalf("%s: its first %d of %d bytes are taken for %v", name, n, len(data), l)
			}
		}
	}
}

func TestCompare(t *testing.T) {
	data := tarOf(dirOf("d"), fileOf("d/f"), linkOf("l", "d/f"))
	for name, change := range map[string]func(dir string) error{
		"written to": func(dir string) error { return os.WriteFile(filepath.Join(dir, "d/f"), []byte("of D/F"), 0o644) },
		"longer":     func(dir string) error { return os.WriteFile(filepath.Join(dir, "d/f"), []byte("of d/f "), 0o644) },
		"mode":       func(dir string) error { return os.Chmod(filepath.Join(dir, "d/f"), 0o755) },
		"gone":       func(dir string) error { return os.Remove(filepath.Join(dir, "l")) },
		"kind": func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "l")), os.Mkdir(filepath.Join(dir, "l"), 0o755))
		},
		"link": func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "l")), os.Symlink("d", filepath.Join(dir, "l")))
		},
	} {
		dir, l, err := unpack(t, data, Bounds{})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "d/cache"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(l.Compare(t.Context(), dir), change(dir)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := l.Compare(t.Context(), dir); !errors.Is(err, ErrDiffers) {
			t.Errorf("%s: %v; want that it differs", name, err)
		}
	}
}
