//go:build unix

package credential

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxLinks is Linux's own bound: path_resolution(7).
const maxLinks = 40

// A way is what a path leads over: whoever may write to one of these directories
// decides what the path names.
type way struct {
	dirs    []node // each with the name that is looked up in it
	program string // links followed
}

// A node is a directory, and the entry of it that the path leads over.
type node struct {
	dir   string
	entry string
}

func (n node) path() string { return filepath.Join(n.dir, n.entry) }

// walk follows an absolute path, link by link. Where something is missing the way
// leads as far as to its name.
func walk(path string) (way, error) {
	var w way
	at, rest, links := "/", path, 0
	for {
		name, more, _ := strings.Cut(strings.TrimLeft(rest, "/"), "/")
		if name == "" {
			w.program = at
			return w, nil
		}
		rest = more
		step := node{dir: at, entry: name}
		w.dirs = append(w.dirs, step)
		info, err := os.Lstat(step.path())
		if err != nil {
			return w, err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			at = step.path()
			continue
		}
		if links++; links > maxLinks {
			return w, &os.PathError{Op: "follow", Path: path, Err: errors.New("too many symbolic links")}
		}
		target, err := os.Readlink(step.path())
		if err != nil {
			return w, err
		}
		if filepath.IsAbs(target) {
			at = "/"
		}
		rest = target + "/" + rest
	}
}
