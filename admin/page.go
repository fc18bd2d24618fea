package admin

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"
)

//go:embed page
var pageFiles embed.FS

// kinds are the files of a page that are served. The types stand here, as those
// that a machine knows differ.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
	".png":  "image/png",
	".ico":  "image/x-icon",
	".json": "application/json",

	".webmanifest": "application/manifest+json",
}

// An asset is one file of the page.
type asset struct {
	data []byte
	kind string
	etag string
}

// assets reads all files once: they are part of the program.
var assets = sync.OnceValue(func() map[string]asset {
	all := map[string]asset{}
	fs.WalkDir(pageFiles, "page", func(name string, entry fs.DirEntry, err error) error {
		kind, ok := kinds[path.Ext(name)]
		if err != nil || entry.IsDir() || !ok {
			return err
		}
		data, err := pageFiles.ReadFile(name)
		sum := sha256.Sum256(data)
		all[strings.TrimPrefix(name, "page/")] = asset{data, kind, `"` + hex.EncodeToString(sum[:16]) + `"`}
		return err
	})
	return all
})

// getPage sends a file of the page. A browser keeps it, and asks each time
// whether it is still the same.
func (s *Server) getPage(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	if r.URL.Path == "/" {
		name = "index.html"
	}
	a, ok := assets()[name]
	if !ok {
		s.fail(w, r, http.StatusNotFound, "the page has no file "+quote(name))
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", a.etag)
	w.Header().Set("Content-Type", a.kind)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(a.data))
}
