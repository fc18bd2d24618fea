package socket

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// parseUnix reads what stands after unix://.
func parseUnix(s string) (Address, error) {
	name, query, hasQuery := strings.Cut(s, "?")
	a := Address{Network: "unix", Path: name}
	if err := checkPath(name); err != nil {
		return Address{}, err
	}
	if !hasQuery {
		return a, nil
	}
	if a.isAbstract() {
		return Address{}, fmt.Errorf("an abstract name takes no option, and %q follows it", query)
	}
	mode, err := parseMode(query)
	if err != nil {
		return Address{}, err
	}
	a.Mode = mode
	return a, nil
}

// isAbstract reports whether the socket has a name in the kernel and none in
// the file system.
func (a Address) isAbstract() bool { return strings.HasPrefix(a.Path, "@") }

func checkPath(name string) error {
	abstract := strings.HasPrefix(name, "@")
	limit := sunPathMax - 1 // the kernel's field keeps room for the closing NUL
	if abstract {
		limit = sunPathMax
	}
	switch {
	case name == "":
		return errors.New(`missing path: write "unix:///run/app.sock"`)
	case strings.ContainsRune(name, 0):
		return errors.New("a path has no NUL in it")
	case len(name) > limit:
		return fmt.Errorf("path too long: %d bytes, and a unix socket of this system takes %d", len(name), limit)
	case abstract && !hasAbstract:
		return errors.New("abstract names exist on Linux only: write a path")
	case name == "@":
		return errors.New("missing name after @")
	case abstract:
		return nil
	case name[0] != '/':
		return fmt.Errorf(`relative path %q: a unix socket needs an absolute one, as in "unix:///run/app.sock"`, name)
	}
	if base := name[strings.LastIndexByte(name, '/')+1:]; base == "" || base == "." || base == ".." {
		return fmt.Errorf("path %q names a directory: add the name of the socket", name)
	}
	return nil
}

func parseMode(query string) (fs.FileMode, error) {
	key, value, _ := strings.Cut(query, "=")
	if key != "mode" {
		return 0, fmt.Errorf("unknown option %q: known is mode, as in ?mode=0660", key)
	}
	bits, err := strconv.ParseUint(value, 8, 32)
	if err != nil || bits == 0 || bits > 0o777 {
		return 0, fmt.Errorf("bad mode %q: write an octal number from 0001 to 0777, as in ?mode=0660", value)
	}
	return fs.FileMode(bits), nil
}

// cleanPath is the path with which two spellings of one socket are compared.
func (a Address) cleanPath() string {
	if a.isAbstract() {
		return a.Path
	}
	return path.Clean(a.Path)
}
