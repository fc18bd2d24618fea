package doctor

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// A host is where the service lives: the root of its files as it is seen from
// here, and the user that its master is.
type host struct {
	root string // before each path; empty: the same as here
	user identity
}

// An identity is a user with its groups.
type identity struct {
	known  bool
	uid    int
	groups []int
}

func (i identity) String() string { return "uid " + strconv.Itoa(i.uid) }

// may reports whether the user has the rights (4 read, 2 write, 1 execute) to a
// file, by its mode. Access control lists are not looked at.
func (i identity) may(info fs.FileInfo, rights fs.FileMode) bool {
	uid, gid, ok := ownerOf(info)
	if i.uid == 0 || !ok {
		return true
	}
	mode := info.Mode().Perm()
	switch {
	case uid == i.uid:
		mode >>= 6
	case contains(i.groups, gid):
		mode >>= 3
	}
	return mode&rights == rights
}

func contains(all []int, one int) bool {
	for _, n := range all {
		if n == one {
			return true
		}
	}
	return false
}

// path is where a path of the service is seen from here.
func (h host) path(p string) string {
	if h.root == "" {
		return p
	}
	return filepath.Join(h.root, p)
}

// real follows links, where that leads to the same as for the service.
func (h host) real(p string) string {
	if h.root != "" {
		return p
	}
	if real, err := filepath.EvalSymlinks(p); err == nil {
		return real
	}
	return p
}

// nearest returns the path, or the nearest directory above that is there.
func (h host) nearest(p string) string {
	for {
		if _, err := os.Lstat(h.path(p)); err == nil || filepath.Dir(p) == p {
			return p
		}
		p = filepath.Dir(p)
	}
}
