package fetcher_test

import (
	"bytes"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-3d078585/overseer/fetcher"
)

// trees are the forms of one directory release, and what is handed over of each.
func trees() map[string]struct{ packed, want []byte } {
	entries := []entry{{name: "bin/app", body: "program", mode: 0o755}, {name: "share/data", body: "data", mode: 0o644}}
	tar, zip := tarOf(entries...), zipOf(entries...)
	return map[string]struct{ packed, want []byte }{
		".tar": {tar, tar}, ".tar.gz": {gzipped(tar), tar}, ".tgz": {gzipped(tar), tar},
		".tar.zst": {zstded(tar), tar}, ".tar.xz": {xzed(tar), tar}, ".zip": {zip, zip}, "": {tar, tar},
	}
}

func TestTree(t *testing.T) {
	for suffix, row := range trees() {
		t.Run("http"+suffix, func(t *testing.T) {
			serve := func(w http.ResponseWriter, _ *http.Request) { w.Write(row.packed) }
			inBubble(t, serve, func(t *testing.T, client *http.Client) {
				wantWhole(t, &fetcher.HTTP{URL: "http://releases/app" + suffix, Client: client, Tree: true}, row.want)
			})
		})
		t.Run("file"+suffix, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fetcher.File{Path: filepath.Join(t.TempDir(), "app"+suffix), Tree: true}
				write(t, f.Path, string(row.packed))
				wantWhole(t, f, row.want)
				wantNothing(t, f)
			})
		})
	}
	t.Run("file without it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := &fetcher.File{Path: filepath.Join(t.TempDir(), "app.tar.gz")}
			write(t, f.Path, string(trees()[".tgz"].packed))
			wantWhole(t, f, trees()[".tgz"].packed)
		})
	})
}

func TestTreeFileThatIsDamaged(t *testing.T) {
	for name, row := range map[string]struct{ body, says string }{
		"no gzip":   {"no gzip at all", "unpack gzip"},
		"cut":       {string(trees()[".tgz"].packed[:60]), "EOF"},
		"too large": {string(gzipped(bytes.Repeat([]byte("x"), 2<<20))), "larger than MaxSize"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fetcher.File{Path: filepath.Join(t.TempDir(), "app.tgz"), Tree: true, MaxSize: 1 << 20}
				write(t, f.Path, row.body)
				if _, _, err := fetchAll(t, f); err == nil || !strings.Contains(err.Error(), row.says) {
					t.Errorf("error is %v; want %q", err, row.says)
				}
			})
		})
	}
}

// The archive is the only choice, also where a program lies beside it.
func TestGithubTree(t *testing.T) {
	tgz := trees()[".tgz"]
	serve := func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, ".tar.gz"):
			w.Write(tgz.packed)
		case r.Host == "cdn":
			w.Write([]byte("as it is"))
		default:
			api(w, assetOf(1, "app_"+here, "http://cdn/app_"+here), assetOf(2, "app_"+here+".tar.gz", "http://cdn/app_"+here+".tar.gz"))
		}
	}
	inBubble(t, serve, func(t *testing.T, client *http.Client) {
		wantWhole(t, &fetcher.Github{User: "u", Repo: "r", API: "http://api", Client: client, Tree: true}, tgz.want)
	})
}

func TestTreeInit(t *testing.T) {
	wantSays(t, (&fetcher.HTTP{URL: "https://host/app.tgz", Path: "app", Tree: true}).Init(), "both Tree and Path")
	wantSays(t, (&fetcher.Github{User: "u", Repo: "r", Path: "app", Tree: true}).Init(), "both Tree and Path")
}
