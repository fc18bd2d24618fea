package durabletest

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// A Cut is what a power cut may leave.
type Cut struct {
	Moment int
	After  string // the step before the moment
	Files  map[string]File
}

// A File is one name of a Cut.
type File struct {
	Data string // of a symbolic link, where it leads
	Mode os.FileMode
	Node int // files with the same one are hard links
}

// exhaustive is how many combinations of what may be lost are all gone through.
// Of more, the telling ones and as many at random are.
const exhaustive = 2048

// Cuts gives the states that a power cut may leave at each moment, each once for
// a moment. It is called after End.
func (j *Journal) Cuts() iter.Seq[Cut] {
	return func(yield func(Cut) bool) {
		for m := range j.moments {
			for c := range j.CutsAt(m) {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// CutsAt gives those of one moment.
func (j *Journal) CutsAt(moment int) iter.Seq[Cut] {
	return func(yield func(Cut) bool) {
		d := j.moments[moment]
		seen := map[uint64]bool{}
		for picks := range pick(d.losses(j.ignore)) {
			c := Cut{Moment: moment, After: j.lines[moment], Files: d.cut(picks)}
			sum := c.sum()
			if seen[sum] {
				continue
			}
			seen[sum] = true
			if !yield(c) {
				return
			}
		}
	}
}

var sumSeed = maphash.MakeSeed()

// sum is the same for the same files.
func (c Cut) sum() (sum uint64) {
	for name, f := range c.Files {
		sum += maphash.Comparable(sumSeed, named{name, f}) // whatever the order
	}
	return sum
}

type named struct {
	name string
	file File
}

// A loss is one thing that a power cut decides: whether a change of names is
// kept, or which content a file has.
type loss struct {
	node     node
	change   int       // index, for a directory
	contents []content // for a file
}

func (l loss) ways() int {
	if l.contents != nil {
		return len(l.contents)
	}
	return 2
}

// losses are all that is not flushed.
func (d *disk) losses(ignore func(string) bool) (all []loss) {
	for _, n := range d.mayBeNamed(ignore) {
		for i := range d.dirs[n].pending {
			all = append(all, loss{node: n, change: i})
		}
		if f, ok := d.files[n]; ok && f.now != f.flushed {
			all = append(all, loss{node: n, contents: f.contents()})
		}
	}
	return all
}

// contents are what a file may hold that was not flushed: as at its last flush,
// as it is, and where bytes are new nothing, the length without the bytes, and
// the bytes without the mode.
func (f file) contents() []content {
	if f.now.data == f.flushed.data || isLink(f.now.mode) {
		return []content{f.flushed, f.now}
	}
	return []content{
		f.flushed,
		f.now,
		{"", f.now.mode},
		{strings.Repeat("\x00", len(f.now.data)), f.now.mode},
		{f.now.data, f.flushed.mode},
	}
}

// mayBeNamed returns all that may have a name after a power cut, and not only
// one to ignore, sorted.
func (d *disk) mayBeNamed(ignore func(string) bool) []node {
	all := map[node]bool{}
	var add func(node, string)
	add = func(n node, path string) {
		if n == none || all[n] || ignore(path) {
			return
		}
		all[n] = true
		in := d.dirs[n]
		for _, names := range append([]change{in.now, in.flushed}, in.pending...) {
			for name, to := range names {
				add(to, filepath.Join(path, name))
			}
		}
	}
	add(root, ".")
	return slices.Sorted(maps.Keys(all))
}

// picks holds a way for each loss.
type picks map[node]map[int]int

// pick goes through combinations of ways.
func pick(all []loss) iter.Seq[picks] {
	return func(yield func(picks) bool) {
		ways := make([]int, len(all))
		give := func() bool {
			p := picks{}
			for i, l := range all {
				if p[l.node] == nil {
					p[l.node] = map[int]int{}
				}
				p[l.node][l.change] = ways[i]
			}
			return yield(p)
		}
		total := 1
		for _, l := range all {
			total = min(total*l.ways(), exhaustive+1)
		}
		if total <= exhaustive {
			for more := true; more; more = advance(ways, all) {
				if !give() {
					return
				}
			}
			return
		}
		sample(ways, all, give)
	}
}

// advance counts one up, the first digit first.
func advance(ways []int, all []loss) bool {
	for i := range ways {
		if ways[i]++; ways[i] < all[i].ways() {
			return true
		}
		ways[i] = 0
	}
	return false
}

// sample gives the first n kept and the rest lost, one alone lost, one alone
// kept, and some at random.
func sample(ways []int, all []loss, give func() bool) {
	set := func(way func(i int) int) bool {
		for i, l := range all {
			ways[i] = min(way(i), l.ways()-1)
		}
		return give()
	}
	is := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	for n := range len(all) + 1 {
		if !set(func(i int) int { return is(i < n) }) || !set(func(i int) int { return is(i != n) }) || !set(func(i int) int { return is(i == n) }) {
			return
		}
	}
	random := rand.New(rand.NewPCG(1, uint64(len(all))))
	for range exhaustive {
		if !set(func(i int) int { return random.IntN(all[i].ways()) }) {
			return
		}
	}
}

// cut returns the files where the losses went those ways.
func (d *disk) cut(p picks) map[string]File {
	files := map[string]File{}
	d.walk("", root, files, func(n node) map[string]node {
		in := d.dirs[n]
		left := maps.Clone(in.flushed)
		if left == nil {
			left = map[string]node{}
		}
		for i, c := range in.pending {
			if p[n][i] == 1 {
				maps.Copy(left, c)
			}
		}
		return left
	}, func(n node) content {
		if way, lost := p[n]; lost {
			return d.files[n].contents()[way[0]]
		}
		return d.files[n].now
	})
	return files
}

// whole is the state where nothing is lost.
func (d *disk) whole() Cut {
	files := map[string]File{}
	d.walk("", root, files, func(n node) map[string]node { return d.dirs[n].now }, func(n node) content { return d.files[n].now })
	return Cut{Files: files}
}

func (d *disk) walk(path string, at node, files map[string]File, names func(node) map[string]node, read func(node) content) {
	for name, n := range names(at) {
		path := filepath.Join(path, name)
		if _, ok := d.dirs[n]; ok {
			files[path] = File{Mode: os.ModeDir | 0o700, Node: int(n)}
			d.walk(path, n, files, names, read)
		} else if n != none {
			c := read(n)
			files[path] = File{Data: c.data, Mode: c.mode, Node: int(n)}
		}
	}
}

// lost is where a link leads whose name was flushed before itself.
const lost = "lost by a power cut"

// Lay makes the state real below dir, which has none of its names. Programs in
// it can be executed at once: no child has them open (golang/go#22315).
func (c Cut) Lay(dir string) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	made := map[int]string{}
	for _, name := range slices.Sorted(maps.Keys(c.Files)) {
		f, path := c.Files[name], filepath.Join(dir, name)
		var err error
		switch first, linked := made[f.Node]; {
		case f.Mode.IsDir():
			err = os.Mkdir(path, f.Mode.Perm())
		case linked:
			err = os.Link(first, path)
		default:
			made[f.Node] = path
			if isLink(f.Mode) {
				err = os.Symlink(cmp.Or(f.Data, lost), path)
				break
			}
			err = errors.Join(os.WriteFile(path, []byte(f.Data), 0o600), os.Chmod(path, f.Mode))
		}
		if err != nil {
			return fmt.Errorf("lay out %q: %w", name, err)
		}
	}
	return nil
}
