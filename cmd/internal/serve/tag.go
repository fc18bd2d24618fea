package serve

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"
)

// tags are the ETags of files, each read once for as long as the file is the
// same.
type tags struct {
	mu    sync.Mutex
	known map[string]*tag // at most one for each file of the directory that was there
}

// A tag is that of one file.
type tag struct {
	once     sync.Mutex // held while the file is read: others want the same
	info     fs.FileInfo
	size     int64
	modified time.Time
	etag     string
}

// of returns the ETag of an open file, and leaves it at its beginning. A file
// that was replaced is another inode or has another time.
func (t *tags) of(name string, f *os.File, info fs.FileInfo) (string, error) {
	t.mu.Lock()
	one := t.known[name]
	if one == nil {
		one = &tag{}
		t.known[name] = one
	}
	t.mu.Unlock()
	one.once.Lock()
	defer one.once.Unlock()
	if one.info != nil && os.SameFile(one.info, info) && one.size == info.Size() && one.modified.Equal(info.ModTime()) {
		return one.etag, nil
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	one.info, one.size, one.modified = info, info.Size(), info.ModTime()
	one.etag = `"` + hex.EncodeToString(hash.Sum(nil)) + `"`
	return one.etag, nil
}
