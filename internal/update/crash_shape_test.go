//go:build unix

package update

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/internal/durable"
	"github.com/seed-3d078585/overseer/internal/durable/durabletest"
	"github.com/seed-3d078585/overseer/internal/store"
)

// A shape is how the releases of a host lie on its disk. Its promises are the
// same in each.
type shape interface {
	name() string
	write(number int, path string) error     // a release for the shelf, as small as can be
	writeReal(number int, path string) error // one that its real preflight takes

	install(host) error // the first release, by hand
	target(host) string
	open(host, durable.Disk) (*store.Store, error)

	// runs is a file of an edition that is installed, and what is in it.
	runs(h host, e edition) (path, text string)

	// discarded is the file that goes with a candidate without a step.
	discarded(e edition) string

	installed(*view) (edition, error)
	previous(*view) (edition, error)

	// holds says whose the file of a name is: the number of the edition that
	// is in it, whole, or 0; else [errNobodys].
	holds(v *view, name string) (number int, err error)
}

var errNobodys = errors.New("it is nobody's")

var shapes = map[string]shape{"binary": binaryShape{}, "tree": treeShape{}}

// each tests both.
func each(t *testing.T, test func(*testing.T, shape)) {
	for _, name := range []string{"binary", "tree"} {
		t.Run(name, func(t *testing.T) { test(t, shapes[name]) })
	}
}

// isHalf reports whether a name is that of a tree that has none of its own yet,
// or has lost it, or in one: whatever is there, nobody looks at it.
func isHalf(name string) bool { return strings.HasPrefix(name, "releases/.host.candidate-") }

// A binaryShape has one binary, "app".
type binaryShape struct{}

const (
	appFile      = "app"
	previousFile = ".app.overseer/app.previous"
)

func (binaryShape) name() string                            { return "binary" }
func (binaryShape) writeReal(number int, path string) error { return copied(number, path) }
func (binaryShape) install(h host) error                    { return os.Link(h.released(1), h.target()) }
func (binaryShape) target(h host) string                    { return filepath.Join(h.root(), appFile) }
func (binaryShape) installed(v *view) (edition, error)      { return v.edition(appFile) }
func (binaryShape) previous(v *view) (edition, error)       { return v.edition(previousFile) }

// write writes a script, which can be run some thousand times.
func (binaryShape) write(number int, path string) error {
	code := 0
	if number == last {
		code = 1
	}
	text := fmt.Sprintf("#!/bin/sh\nif [ \"$1\" = preflight ]; then exit 0; fi\necho edition %d\nexit %d\n", number, code)
	return os.WriteFile(path, []byte(text), 0o755)
}

func (binaryShape) open(h host, disk durable.Disk) (*store.Store, error) {
	return store.Open(h.target(), "", store.WithDisk(disk))
}

func (binaryShape) runs(h host, e edition) (path, text string) {
	data, _ := os.ReadFile(h.released(e.Number)) // an empty text is no edition's
	return h.target(), string(data)
}

func (binaryShape) discarded(e edition) string { return ".app.candidate-" + e.Digest.Short() + "-R" }

func (binaryShape) holds(v *view, name string) (int, error) {
	base := durabletest.CutRandom(filepath.Base(name))
	switch {
	case base == ".app.candidate-unverified-R":
		return 0, nil
	case name != appFile && name != previousFile && !strings.HasPrefix(base, ".app.candidate-"):
		return 0, errNobodys
	}
	e, err := v.edition(name)
	if mode := v.files[name].mode; err == nil && name == appFile && mode.Perm() != 0o755 {
		err = fmt.Errorf("it has mode %v", mode)
	}
	return e.Number, err
}

// A treeShape has trees with a script and, in a directory, an empty file that is
// named by the number that the script says.
type treeShape struct{}

const (
	treeScript = "#!/bin/sh\nif [ \"$1\" = preflight ]; then exit 0; fi\nfor n in \"${0%/*}\"/share/*; do echo \"edition ${n##*/}\"; done\n[ \"${n##*/}\" != 4 ]\n"
	firstTree  = "releases/first"
)

func (treeShape) name() string                              { return "tree" }
func (s treeShape) writeReal(number int, path string) error { return s.write(number, path) }
func (treeShape) target(h host) string                      { return filepath.Join(h.root(), "current/run") }
func (s treeShape) installed(v *view) (edition, error)      { return s.led(v, "current") }
func (s treeShape) previous(v *view) (edition, error)       { return s.led(v, "previous") }
func (treeShape) discarded(edition) string                  { return ".host.candidate-unverified-R" }

func (treeShape) files(number int) map[string]string {
	return map[string]string{"run": treeScript, fmt.Sprintf("share/%d", number): ""}
}

func (s treeShape) write(number int, path string) error {
	return os.WriteFile(path, tarOf(s.files(number)), 0o644)
}

func (s treeShape) install(h host) error {
	dir := filepath.Join(h.root(), firstTree)
	err := os.MkdirAll(filepath.Join(dir, "share"), 0o755)
	for name, text := range s.files(1) {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755))
	}
	return errors.Join(err, os.Symlink(firstTree, filepath.Join(h.root(), "current")))
}

func (treeShape) open(h host, disk durable.Disk) (*store.Store, error) {
	return store.OpenTrees(store.Trees{Home: h.root(), Program: "run"}, h.state(), store.WithDisk(disk))
}

func (treeShape) runs(h host, e edition) (path, text string) {
	dir, _ := filepath.EvalSymlinks(filepath.Join(h.root(), "current")) // nothing is no edition's
	return filepath.Join(dir, "run"), treeScript
}

// led is where a link leads.
func (s treeShape) led(v *view, link string) (edition, error) {
	f, ok := v.files[link]
	if !ok || f.mode.Type() != os.ModeSymlink {
		return edition{}, fmt.Errorf("%s is no link but %v", link, f.mode)
	}
	return s.whole(v, f.text)
}

// whole returns the edition that is in a tree, complete.
func (s treeShape) whole(v *view, dir string) (edition, error) {
	var names []string
	for name := range v.files {
		if in, ok := strings.CutPrefix(name, dir+"/"); ok {
			names = append(names, in)
		}
	}
	slices.Sort(names)
	if mode := v.files[dir+"/run"].mode; mode.Perm() != 0o755 {
		return edition{}, fmt.Errorf("%s/run has mode %v", dir, mode)
	}
	for n, e := range v.editions {
		if v.files[dir+"/run"].text != treeScript || !slices.Equal(names, slices.Sorted(maps.Keys(s.files(n)))) {
			continue
		}
		if name := filepath.Base(dir); dir != firstTree && name != e.Digest.String() {
			return edition{}, fmt.Errorf("%s holds release %d", dir, n)
		}
		return e, nil
	}
	return edition{}, fmt.Errorf("%s holds no complete release but %q", dir, names)
}

func (s treeShape) holds(v *view, name string) (int, error) {
	base := durabletest.CutRandom(filepath.Base(name))
	switch in, isRelease := strings.CutPrefix(name, "releases/"); {
	case name == "current", name == "previous" && v.files[name].text != "":
		e, err := s.led(v, name)
		return e.Number, err
	case isRelease && isHalf(name):
		return 0, nil
	case isRelease:
		tree, _, _ := strings.Cut(in, "/")
		e, err := s.whole(v, "releases/"+tree)
		return e.Number, err
	case base == ".host.candidate-unverified-R", strings.HasPrefix(name, ".app.overseer/host.archive-"):
		return 0, nil
	}
	return 0, errNobodys
}
