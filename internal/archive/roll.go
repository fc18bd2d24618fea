package archive

import (
	"io/fs"
	"path"
	"strings"
	"unicode"
)

const (
	maxDepth = 64   // directories, one in the other
	maxName  = 255  // bytes of one name: what filesystems take
	maxPath  = 1024 // bytes of a whole name, and of what a link holds
)

// A roll holds the names that came so far, and what they are. All entries are
// held to the same rules: an archive that breaks one was not made by an honest
// tool.
type roll struct {
	left   int               // entries
	known  map[string]int    // the place in list, by name
	folded map[string]string // names as they came, by their form without case
	made   map[string]bool   // directories that no entry has brought yet
	list   Listing
}

func newRoll(b Bounds) *roll {
	return &roll{left: b.Entries, known: map[string]int{}, folded: map[string]string{}, made: map[string]bool{}}
}

// clean is the one spelling of a name. That of the tree itself is a dot.
func clean(name string) (string, error) {
	c := path.Clean(strings.TrimSuffix(name, "/"))
	switch {
	case name == "" || len(name) > maxPath:
		return "", refuse("the name of an entry has %d bytes: want 1 to %d", len(name), maxPath)
	case strings.ContainsFunc(name, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }):
		return "", refuse("%.80q has a backslash or a control character in its name", name)
	case strings.HasPrefix(name, "/") || strings.Contains("/"+name+"/", "/../") || !fs.ValidPath(c):
		return "", refuse("%.80q leads out of it, or is no UTF-8", name)
	case strings.Count(c, "/") >= maxDepth:
		return "", refuse("%.80q is more than %d directories deep", name, maxDepth)
	}
	for part := range strings.SplitSeq(c, "/") {
		if len(part) > maxName {
			return "", refuse("%.80q has a name of %d bytes: want %d at most", name, len(part), maxName)
		}
	}
	return c, nil
}

// missing returns the directories that a name needs and that no entry has
// brought.
func (r *roll) missing(name string) (dirs []string, err error) {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		i, ok := r.known[dir]
		if !ok {
			dirs = append([]string{dir}, dirs...)
			continue
		}
		if e := r.list[i]; !e.Mode.IsDir() {
			return nil, refuse("%.80q is below %.80q, which is %s", name, dir, kind(e.Mode))
		}
		break
	}
	return dirs, nil
}

// add takes an entry in.
func (r *roll) add(e Entry) error {
	if _, ok := r.known[e.Name]; ok {
		return refuse("%.80q is in it twice", e.Name)
	}
	if other, ok := r.folded[fold(e.Name)]; ok {
		return refuse("%.80q and %.80q differ in case only", other, e.Name)
	}
	if r.left--; r.left < 0 {
		return refuse("it has too many entries")
	}
	r.known[e.Name], r.folded[fold(e.Name)] = len(r.list), e.Name
	r.list = append(r.list, e)
	return nil
}

// settle gives a directory that was only implied the mode that its own entry
// brings. It reports whether it was one.
func (r *roll) settle(e Entry) bool {
	if !e.Mode.IsDir() || !r.made[e.Name] {
		return false
	}
	delete(r.made, e.Name)
	r.list[r.known[e.Name]].Mode = e.Mode
	return true
}

// fold gives two names that differ in case only the same form.
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }

// checkLink says whether a symbolic link leads to a place in the tree. Dots
// stand at its beginning only: behind the name of another link they would lead
// up from where that one leads, which no look at the text can tell.
func checkLink(name, to string) error {
	switch {
	case to == "" || len(to) > maxPath:
		return refuse("the link %.80q holds %d bytes: want 1 to %d", name, len(to), maxPath)
	case strings.HasPrefix(to, "/"):
		return refuse("the link %.80q leads to %.80q, outside of it: want a relative path", name, to)
	case strings.ContainsFunc(to, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }):
		return refuse("the link %.80q has a backslash or a control character in %.80q", name, to)
	}
	up, rest := 0, to
	for strings.HasPrefix(rest, "../") || rest == ".." {
		up, rest = up+1, strings.TrimPrefix(strings.TrimPrefix(rest, ".."), "/")
	}
	if up > strings.Count(name, "/") {
		return refuse("the link %.80q leads to %.80q, outside of it", name, to)
	}
	if strings.Contains("/"+rest+"/", "/../") {
		return refuse("the link %.80q leads to %.80q: want dots at its beginning only", name, to)
	}
	return nil
}
