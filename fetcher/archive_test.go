package fetcher_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

// An entry of an archive under test.
type entry struct {
	name, body string
	mode       int64
	kind       byte // tar's; 0 is a regular file
	link       string
}

func tarOf(entries ...entry) []byte {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, e := range entries {
		h := tar.Header{Name: e.name, Mode: e.mode, Typeflag: e.kind, Linkname: e.link, Size: int64(len(e.body))}
		if e.kind == 0 || e.kind == tar.TypeGNUSparse {
			h.Typeflag = tar.TypeReg
		}
		at := packed.Len()
		if err := w.WriteHeader(&h); err != nil {
			panic(err)
		}
		w.Write([]byte(e.body))
		if e.kind == tar.TypeGNUSparse {
			sparse(packed.Bytes()[at:])
		}
	}
	w.Close()
	return packed.Bytes()
}

// sparse makes a header that of a sparse file of GNU tar: the writer makes none.
func sparse(header []byte) {
	header[156] = tar.TypeGNUSparse
	copy(header[257:], "ustar  \x00")
	copy(header[148:], "        ")
	total := 0
	for _, b := range header[:512] {
		total += int(b)
	}
	copy(header[148:], fmt.Sprintf("%06o\x00 ", total))
}

func zipOf(entries ...entry) []byte {
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for _, e := range entries {
		h := zip.FileHeader{Name: e.name, Method: zip.Deflate}
		mode := os.FileMode(e.mode)
		if e.kind == tar.TypeSymlink {
			mode |= os.ModeSymlink
		}
		if e.mode != 0 {
			h.SetMode(mode)
		}
		f, err := w.CreateHeader(&h)
		if err != nil {
			panic(err)
		}
		f.Write([]byte(e.body))
	}
	w.Close()
	return packed.Bytes()
}

func TestArchiveRules(t *testing.T) {
	app := entry{name: "app", body: "program", mode: 0o755}
	readme := entry{name: "README", body: "read me", mode: 0o644}
	many := []entry{app}
	for n := range 10_000 {
		many = append(many, entry{name: fmt.Sprint(n), mode: 0o644})
	}
	large := entry{name: "large", body: strings.Repeat("large", 300_000), mode: 0o644}
	for _, row := range []struct {
		name    string
		entries []entry
		path    string
		says    string // "": the program comes
		tarOnly bool
	}{
		{"named", []entry{readme, app}, "app", "", false},
		{"named with a dot", []entry{readme, {name: "./app", body: "program", mode: 0o755}}, "app", "", false},
		{"named, in a folder", []entry{readme, {name: "a/b/app", body: "program", mode: 0o755}}, "a/b/app", "", false},
		{"named, not executable", []entry{readme, {name: "app", body: "program", mode: 0o600}}, "app", "", false},
		{"named, something large beside it", []entry{app, large}, "app", "larger than MaxSize", false},
		{"named, something large before it", []entry{large, app}, "app", "larger than MaxSize", false},
		{"the only executable", []entry{readme, app, {name: "LICENSE", body: "x", mode: 0o644}}, "", "", false},
		{"the only file", []entry{{name: "app", body: "program", mode: 0o644}}, "", "", false},
		{"the only .exe", []entry{readme, {name: "App.EXE", body: "program", mode: 0o644}}, "", "", false},
		{"two executables", []entry{app, {name: "tool", body: "x", mode: 0o755}}, "", `["app" "tool"]`, false},
		{"two files, none executable", []entry{readme, {name: "app", mode: 0o644}}, "", `["README" "app"]`, false},
		{"nothing in it", nil, "", "none of its files", false},
		{"nothing in it that is named so", []entry{app}, "tool", `no "tool"`, false},
		{"absolute", []entry{app, {name: "/etc/passwd", mode: 0o644}}, "app", "leads out", false},
		{"upward", []entry{app, {name: "../x", mode: 0o644}}, "app", "leads out", false},
		{"upward inside", []entry{app, {name: "a/../b", mode: 0o644}}, "app", "leads out", false},
		{"upward, and the wanted one", []entry{{name: "a/../app", body: "program", mode: 0o755}}, "app", "leads out", false},
		{"upward, nothing named", []entry{app, {name: "../x", mode: 0o644}}, "", "leads out", false},
		{"backslash", []entry{app, {name: `..\x`, mode: 0o644}}, "app", "backslash", false},
		{"twice", []entry{app, app}, "app", "twice", false},
		{"twice, by another spelling", []entry{app, {name: "./app", body: "evil", mode: 0o755}}, "app", "twice", false},
		{"another one twice", []entry{app, readme, readme}, "app", "twice", false},
		{"too many", many, "app", "more than 10000 entries", false},
		{"a link", []entry{{name: "app", kind: tar.TypeSymlink, link: "/bin/sh", mode: 0o777, body: ""}}, "app", "no regular file", false},
		{"a hard link", []entry{readme, {name: "app", kind: tar.TypeLink, link: "README", mode: 0o755}}, "app", "no regular file", true},
		{"a directory", []entry{{name: "app/", kind: tar.TypeDir, mode: 0o755}}, "app", "no regular file", true},
		{"a device", []entry{{name: "app", kind: tar.TypeChar, mode: 0o755}}, "app", "no regular file", true},
		{"sparse", []entry{{name: "app", kind: tar.TypeGNUSparse, mode: 0o755}}, "app", "no regular file", true},
		{"a name of a megabyte", []entry{app, {name: strings.Repeat("x/", 500_000) + "x", mode: 0o644}}, "app", "bytes", true},
		{"another's link is left alone", []entry{app, {name: "sh", kind: tar.TypeSymlink, link: "/bin/sh", mode: 0o777}}, "app", "", true},
	} {
		for _, suffix := range []string{".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".txz", ".zip"} {
			if row.tarOnly && suffix == ".zip" || len(row.entries) > 1000 && strings.HasSuffix(suffix, "xz") {
				continue
			}
			t.Run(row.name+suffix, func(t *testing.T) {
				var body []byte
				switch suffix {
				case ".zip":
					body = zipOf(row.entries...)
				case ".tar":
					body = tarOf(row.entries...)
				case ".tar.zst":
					body = zstded(tarOf(row.entries...))
				case ".tar.xz", ".txz":
					body = xzed(tarOf(row.entries...))
				default:
					body = gzipped(tarOf(row.entries...))
				}
				serve := func(w http.ResponseWriter, _ *http.Request) { w.Write(body) }
				inBubble(t, serve, func(t *testing.T, client *http.Client) {
					scratch := t.TempDir()
					f := &fetcher.HTTP{URL: "http://releases/app" + suffix, Client: client, Path: row.path, MaxSize: 6 << 20}
					if strings.Contains(row.name, "large") {
						f.MaxSize = 1 << 20
					}
					f.SetHost(fetcher.Host{Scratch: scratch})
					if err := f.Init(); err != nil {
						t.Fatal(err)
					}
					got, _, err := fetchAll(t, f)
					wantSays(t, err, row.says)
					if err == nil && string(got) != "program" {
						t.Errorf("read %q; want the program", got)
					}
					if err != nil && !errors.Is(err, fetcher.ErrArchive) && !errors.Is(err, fetcher.ErrTooLarge) {
						t.Errorf("error %v matches neither ErrArchive nor ErrTooLarge", err)
					}
					if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
						t.Errorf("left behind: %v (%v)", left, err)
					}
				})
			})
		}
	}
}

func TestArchiveDamaged(t *testing.T) {
	app := entry{name: "app", body: strings.Repeat("program ", 1000), mode: 0o755}
	encrypted := zipOf(app)
	for _, magic := range []string{"PK\x03\x04", "PK\x01\x02"} {
		at := bytes.Index(encrypted, []byte(magic)) + 6
		if magic[2] == 1 {
			at += 2
		}
		encrypted[at] |= 1
	}
	flipped := zipOf(app)
	flipped[len(flipped)/4] ^= 1
	var wide bytes.Buffer // a directory of 3 MiB
	z := zip.NewWriter(&wide)
	for n := range 60_000 {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(n)}); err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	for _, row := range []struct {
		name, suffix string
		body         []byte
		says         string
	}{
		{"no zip", ".zip", []byte("program"), "zip"},
		{"a cut zip", ".zip", zipOf(app)[:50], "zip"},
		{"a damaged zip", ".zip", flipped, ""},
		{"an encrypted zip", ".zip", encrypted, "encrypted"},
		{"a zip with a large directory", ".zip", wide.Bytes(), "directory is larger than 2 MiB"},
		{"no tar", ".tar", bytes.Repeat([]byte("program "), 200), "tar"},
		{"a cut tar", ".tar", tarOf(app)[:5000], "EOF"},
		{"a cut tar.gz", ".tar.gz", gzipped(tarOf(app))[:60], "EOF"},
		{"a cut tar.xz", ".tar.xz", xzed(tarOf(app))[:150], "EOF"},
		{"no tar.gz", ".tar.gz", []byte("program"), "unpack gzip"},
		{"no tar.xz", ".tar.xz", []byte("program program"), "unpack xz"},
		{"bytes behind a tar.gz", ".tar.gz", append(gzipped(tarOf(app)), "junk junk junk"...), "gzip"},
	} {
		for _, path := range []string{"app", ""} {
			t.Run(row.name+" "+path, func(t *testing.T) {
				serve := func(w http.ResponseWriter, _ *http.Request) { w.Write(row.body) }
				inBubble(t, serve, func(t *testing.T, client *http.Client) {
					f := &fetcher.HTTP{URL: "http://releases/app" + row.suffix, Client: client, Path: path}
					_, _, err := fetchAll(t, f)
					if err == nil || !strings.Contains(err.Error(), row.says) {
						t.Errorf("error is %v; want %q", err, row.says)
					}
				})
			})
		}
	}
}

func TestArchiveInit(t *testing.T) {
	for _, row := range []struct{ url, path, says string }{
		{"https://host/app.tar.gz", "app_1.0/app", ""},
		{"https://host/get?file=app.zip", "app", ""},
		{"https://host/app.gz", "app", "does not end as that of an archive"},
		{"https://host/app.tgz", "../app", "must be a path inside the archive"},
		{"https://host/app.tgz", "/app", "must be a path inside the archive"},
	} {
		wantSays(t, (&fetcher.HTTP{URL: row.url, Path: row.path}).Init(), row.says)
	}
	wantSays(t, (&fetcher.Github{User: "u", Repo: "r", Path: ".."}).Init(), "must be a path inside the archive")
	wantSays(t, (&fetcher.Github{User: "u", Repo: "r", Manifest: "a/b"}).Init(), "name of an asset")
}

// An asset that is an archive is the second choice.
func TestGithubArchive(t *testing.T) {
	for _, row := range []struct {
		name   string
		assets []string
		want   string
	}{
		{"an archive", []string{"app_" + here + ".tar.gz", "checksums.txt"}, "from the archive"},
		{"both", []string{"app_" + here + ".tar.gz", "app_" + here}, "as it is"},
		{"signatures beside it", []string{"app_" + here + ".tar.gz.sig", "app_" + here + ".tar.gz"}, "from the archive"},
	} {
		t.Run(row.name, func(t *testing.T) {
			serve := func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, ".tar.gz"):
					w.Write(gzipped(tarred([]byte("from the archive"), "app")))
				case r.Host == "cdn":
					w.Write([]byte("as it is"))
				default:
					var assets []map[string]any
					for n, name := range row.assets {
						assets = append(assets, assetOf(n+1, name, "http://cdn/"+name))
					}
					api(w, assets...)
				}
			}
			inBubble(t, serve, func(t *testing.T, client *http.Client) {
				wantWhole(t, &fetcher.Github{User: "u", Repo: "r", API: "http://api", Client: client}, []byte(row.want))
			})
		})
	}
}

// An archive that a manifest names is held to the same rules.
func TestManifestArchiveRules(t *testing.T) {
	body := gzipped(tarOf(entry{name: "../x", mode: 0o644}, entry{name: "dist/app", body: "program", mode: 0o755}))
	s := newShelf()
	a := s.artifact([]byte("program"), release.TarGzip)
	s.set(a.URLs[0], body)
	a.PackedSize, a.PackedDigest = int64(len(body)), sum(body)
	s.publish(a)
	onShelf(t, s, func(t *testing.T, f *fetcher.Manifest) {
		_, err := readAll(t, offered(t, f))
		wantSays(t, err, "published again")
		if !errors.Is(err, fetcher.ErrArchive) {
			t.Errorf("error is %v; want ErrArchive", err)
		}
	})
}
