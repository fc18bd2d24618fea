package s3

import (
	"path"
	"strings"
)

// A rank is when a file of a release directory is sent: what others lead to
// comes first, and what leads to others comes last.
type rank int

const (
	content    rank = iota // never changes under its name: programs, deltas, history
	other                  // what this package knows nothing of
	signatures             // found by what they sign; more of them may come
	keys                   // leads to the signatures
	manifest               // of a channel: leads to all
	ranks
)

func rankOf(name string) rank {
	folder, _, nested := strings.Cut(name, "/")
	switch {
	case nested && folder == "signatures":
		return signatures
	case nested && (folder == "programs" || folder == "deltas" || folder == "history"):
		return content
	case nested || path.Ext(name) != ".json":
		return other
	case name == "keys.json":
		return keys
	}
	return manifest
}

// cacheControl is for how long a cache in between may answer for the service.
func (r rank) cacheControl() string {
	if r == content {
		return "public, max-age=31536000, immutable"
	}
	return "no-cache"
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".json":
		return "application/json"
	case ".zst":
		return "application/zstd"
	case ".gz":
		return "application/gzip"
	case ".minisig", ".txt", ".md", ".pub":
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

// hidden reports whether a file is the publisher's own: a name of its path
// begins with a dot.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") && name != "." || strings.Contains(name, "/.")
}
