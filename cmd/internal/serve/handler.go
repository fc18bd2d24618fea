package serve

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path"
	"strings"
	"time"
)

// A Handler serves a release directory. It is safe for concurrent use.
type Handler struct {
	root *os.Root
	tags tags
	log  *slog.Logger
}

// New returns the handler of a directory, which logs each request.
func New(dir string, log *slog.Logger) (*Handler, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Handler{root: root, log: log, tags: tags{known: map[string]*tag{}}}, nil
}

// ServeHTTP is that of [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	out := &counted{ResponseWriter: w, status: http.StatusOK, control: http.NewResponseController(w)}
	h.serve(out, r)
	h.log.Info("request", "method", r.Method, "path", r.URL.Path, "range", r.Header.Get("Range"),
		"status", out.status, "bytes", out.bytes, "took", time.Since(begin).Round(time.Microsecond).String(), "remote", r.RemoteAddr)
}

func (h *Handler) serve(w *counted, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.refuse(r, http.StatusMethodNotAllowed, "only GET and HEAD")
		return
	}
	if r.ContentLength != 0 {
		w.refuse(r, http.StatusBadRequest, "a request has no body here")
		return
	}
	name, ok := clean(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	f, err := h.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		http.NotFound(w, r)
		return
	}
	if err != nil { // a link that leads out, no right to read: the log says which
		h.log.Warn("not served", "path", r.URL.Path, "error", err)
		http.NotFound(w, r)
		return
	}
	defer f.Close() // only read
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		http.NotFound(w, r)
		return
	}
	etag, err := h.tags.of(name, f, info)
	if err != nil {
		h.log.Error("not served", "path", r.URL.Path, "error", err)
		http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("ETag", etag)
	header.Set("Cache-Control", caching(name))
	header.Set("Content-Type", kind(name))
	header.Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, name, time.Time{}, f)
}

// clean returns the name of a file; hidden ones and directories have none.
func clean(url string) (string, bool) {
	name := strings.TrimPrefix(url, "/")
	if !fs.ValidPath(name) || name == "." {
		return "", false
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return "", false
		}
	}
	return name, true
}

// caching is by directory: programs, deltas and history never change under
// their name; signatures are added to.
func caching(name string) string {
	switch top, _, _ := strings.Cut(name, "/"); top {
	case "programs", "deltas", "history":
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

func kind(name string) string {
	switch path.Ext(name) {
	case ".json":
		return "application/json"
	case ".minisig":
		return "text/plain; charset=utf-8"
	case ".zst":
		return "application/zstd"
	}
	return "application/octet-stream"
}
