package durabletest

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-3d078585/overseer/internal/durable"
)

// A disk is the model at one moment. It never changes once it is a moment.
type disk struct {
	nodes []os.FileInfo  // the real file of each node, by which it is known again
	files map[node]file  // also of those that have no name any more
	dirs  map[node]names // the same
}

// A node is a file or directory, whatever its names.
type node int

const (
	none node = -1 // of a name that is gone
	root node = 0
)

type file struct{ now, flushed content }

type content struct {
	data string
	mode os.FileMode
}

// names are those in one directory.
type names struct {
	now, flushed map[string]node
	pending      []change // what leads from flushed to now
}

// A change of names is lost or kept as a whole.
type change map[string]node

func newDisk() *disk { return &disk{files: map[node]file{}, dirs: map[node]names{}} }

// clone makes a copy whose maps may be written; what they hold may not.
func (d *disk) clone() *disk {
	return &disk{nodes: slices.Clone(d.nodes), files: maps.Clone(d.files), dirs: maps.Clone(d.dirs)}
}

// find returns the node of a path, as it is now.
func (d *disk) find(path string) node {
	at := root
	if path == "." {
		return at
	}
	for _, name := range strings.Split(filepath.ToSlash(path), "/") {
		next, ok := d.dirs[at].now[name]
		if !ok {
			return none
		}
		at = next
	}
	return at
}

// flush does what a step has flushed.
func (d *disk) flush(dir string, s durable.Step) {
	n := d.find(rel(dir, s.Path))
	switch s.Op {
	case durable.Sync:
		d.flushFile(n)
	case durable.SyncDir:
		d.flushDir(n)
	case durable.SyncTree:
		d.flushTree(n)
	}
}

func (d *disk) flushFile(n node) {
	if f, ok := d.files[n]; ok {
		d.files[n] = file{now: f.now, flushed: f.now}
	}
}

// flushDir flushes names, and with them the links in a directory: those have no
// bytes but their names.
func (d *disk) flushDir(n node) {
	in, ok := d.dirs[n]
	if !ok {
		return
	}
	d.dirs[n] = names{now: in.now, flushed: in.now}
	for _, to := range in.now {
		if isLink(d.files[to].now.mode) {
			d.flushFile(to)
		}
	}
}

func (d *disk) flushTree(n node) {
	for _, to := range d.dirs[n].now {
		d.flushFile(to)
		d.flushTree(to)
	}
	d.flushDir(n)
}

func (d *disk) flushAll() {
	for n, f := range d.files {
		d.files[n] = file{now: f.now, flushed: f.now}
	}
	for n, in := range d.dirs {
		d.dirs[n] = names{now: in.now, flushed: in.now}
	}
}

// observe takes in what is really there now, and returns the names whose change
// the step does not tell of.
func (d *disk) observe(seen []found, step durable.Step) (unannounced []string) {
	had := d.named()
	now := d.recognize(seen)
	for _, n := range had {
		if _, ok := now[n]; !ok {
			d.vanish(n)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(now)) {
		in := d.dirs[n]
		all := change{}
		for name, to := range now[n] {
			if was, ok := in.now[name]; !ok || was != to {
				all[name] = to
			}
		}
		for name := range in.now {
			if _, ok := now[n][name]; !ok {
				all[name] = none
			}
		}
		told, rest := d.tell(n, all, step)
		for _, name := range slices.Sorted(maps.Keys(rest)) {
			sign := "+"
			if rest[name] == none {
				sign = "-"
			}
			unannounced = append(unannounced, sign+name)
			told = append(told, change{name: rest[name]})
		}
		d.dirs[n] = names{now: now[n], flushed: in.flushed, pending: slices.Concat(in.pending, told)}
	}
	return unannounced
}

// vanish is for a directory that was removed with all that was in it. A power
// cut may bring it back with a part of that.
func (d *disk) vanish(n node) {
	in, ok := d.dirs[n]
	if !ok {
		return
	}
	pending := slices.Clone(in.pending)
	for _, name := range slices.Sorted(maps.Keys(in.now)) {
		pending = append(pending, change{name: none})
	}
	d.dirs[n] = names{now: map[string]node{}, flushed: in.flushed, pending: pending}
}

// tell takes the change that a step announces out of all changes in a directory.
func (d *disk) tell(dir node, all change, step durable.Step) (told []change, rest change) {
	one := change{}
	for _, path := range []string{step.Path, step.To} {
		name := filepath.Base(path)
		if to, ok := all[name]; ok && path != "" && d.find(filepath.Dir(path)) == dir {
			one[name] = to
			delete(all, name)
		}
	}
	if len(one) > 0 {
		told = append(told, one)
	}
	return told, all
}

// recognize gives each file that was seen its node, a new one where it had no
// name before, and returns the names in each directory.
func (d *disk) recognize(seen []found) map[node]map[string]node {
	named := d.named()
	at := map[string]node{}
	now := map[node]map[string]node{}
	for _, f := range seen {
		n := slices.IndexFunc(named, func(n node) bool { return os.SameFile(d.nodes[n], f.info) })
		var is node
		if n >= 0 {
			is = named[n]
		} else {
			is = node(len(d.nodes))
			d.nodes = append(d.nodes, f.info)
			named = append(named, is)
		}
		at[f.path] = is
		if f.info.IsDir() {
			now[is] = map[string]node{}
		} else {
			was, known := d.files[is]
			is, mode := is, f.info.Mode()
			if !known {
				was.flushed = content{mode: mode}
			}
			d.files[is] = file{now: content{f.data, mode}, flushed: was.flushed}
		}
		if f.path != "." {
			now[at[filepath.Dir(f.path)]][filepath.Base(f.path)] = is
		}
	}
	return now
}

// named returns the nodes that have a name now. Only these are known again: the
// number of an inode that is gone is given out anew.
func (d *disk) named() (all []node) {
	if len(d.nodes) == 0 {
		return nil
	}
	all = append(all, root)
	for i := 0; i < len(all); i++ {
		for _, n := range d.dirs[all[i]].now {
			if !slices.Contains(all, n) {
				all = append(all, n)
			}
		}
	}
	return all
}

// adopt gives the nodes the real files of a copy of what is there now.
func (d *disk) adopt(copied []found) {
	for _, f := range copied {
		if n := d.find(f.path); n != none {
			d.nodes[n] = f.info
		}
	}
}

func (d *disk) edit(change func(string) string) {
	for n, f := range d.files {
		f.now.data, f.flushed.data = change(f.now.data), change(f.flushed.data)
		d.files[n] = f
	}
}
