package durabletest

import (
	"os"
	"path/filepath"
	"sync"

	"github.com/seed-3d078585/overseer/internal/durable"
)

// A Journal follows the files below a directory step by step, and knows at each
// moment what is flushed. Moment n is the time between steps n and n+1.
//
// It looks at the real directory before each step, so that it also sees what is
// not announced: Unannounced has these changes of names.
//
// It is safe for concurrent use, but steps that are taken at the same time are
// not told apart.
type Journal struct {
	root   string
	fault  Fault
	ignore func(name string) bool

	mu          sync.Mutex
	disk        *disk    // after the last step that was seen to its end
	moments     []*disk  // what each moment was
	lines       []string // the step before each moment
	last        durable.Step
	lastFailed  bool
	unannounced []string
	err         error // of looking
}

// NewJournal begins with what is below root, which counts as flushed.
func NewJournal(root string, fault Fault) (*Journal, error) {
	seen, err := look(root)
	if err != nil {
		return nil, err
	}
	d := newDisk()
	d.observe(seen, durable.Step{})
	d.flushAll()
	return &Journal{root: root, fault: fault, ignore: func(string) bool { return false }, disk: d, lines: []string{"begin"}}, nil
}

// Ignore has Cuts not vary what lies only under names that nobody relies on, by
// their path from the root. It is called before the first step.
func (j *Journal) Ignore(name func(string) bool) { j.ignore = name }

// Disk is the real disk, followed.
func (j *Journal) Disk() durable.Disk { return durable.Disk{Before: j.before} }

func (j *Journal) before(s durable.Step) error {
	n := j.next(s)
	var err error
	if j.fault != nil {
		err = j.fault(n, s)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lastFailed = err != nil
	return err
}

func (j *Journal) next(s durable.Step) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.catchUpLocked()
	j.last = s
	j.lines = append(j.lines, Line(j.root, s))
	return len(j.lines) - 1
}

// catchUpLocked brings the moment after the last step to its end.
func (j *Journal) catchUpLocked() {
	seen, err := look(j.root)
	if err != nil {
		j.err = err
		return
	}
	d := j.disk.clone()
	step := j.last
	if j.lastFailed {
		step = durable.Step{} // it was not taken
	}
	d.flush(j.root, step)
	for _, change := range d.observe(seen, relative(j.root, step)) {
		j.unannounced = append(j.unannounced, CutRandom(change))
	}
	j.disk = d
	j.moments = append(j.moments, d)
	j.last, j.lastFailed = durable.Step{}, false
}

// Now is the number of the moment.
func (j *Journal) Now() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.lines) - 1
}

// End takes the last look. The journal is not to be used for steps after it.
func (j *Journal) End() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.moments) < len(j.lines) {
		j.catchUpLocked()
	}
	return j.err
}

// Lines are the steps; line n is that before moment n.
func (j *Journal) Lines() []string { return j.lines }

// Unannounced are the changes of names that no step told of, as "+name" and
// "-name".
func (j *Journal) Unannounced() []string { return j.unannounced }

// Resume lays out below root, which is empty, what a process that was killed at
// a moment leaves to the next one, and follows that from there: nothing is lost,
// and nothing more is flushed. Where edit is set, it changes what the files hold
// beforehand: who reads them must not take itself for the one that was killed.
func (j *Journal) Resume(moment int, root string, fault Fault, edit func(string) string) (*Journal, error) {
	d := j.moments[moment].clone()
	if edit != nil {
		d.edit(edit)
	}
	if err := d.whole().Lay(root); err != nil {
		return nil, err
	}
	seen, err := look(root)
	if err != nil {
		return nil, err
	}
	d.adopt(seen)
	return &Journal{root: root, fault: fault, ignore: j.ignore, disk: d, lines: []string{"resumed after " + j.lines[moment]}}, nil
}

// relative is a step with paths as the model has them.
func relative(root string, s durable.Step) durable.Step {
	s.Path, s.To = rel(root, s.Path), rel(root, s.To)
	return s
}

func rel(root, path string) string {
	if path == "" {
		return ""
	}
	r, err := filepath.Rel(root, path)
	if err != nil {
		return path
	}
	return r
}

// A found is one name of the real directory.
type found struct {
	path string // relative
	info os.FileInfo
	data string // of a file; where a link leads
}

func isLink(mode os.FileMode) bool { return mode.Type() == os.ModeSymlink }

func look(root string) (all []found, err error) {
	err = filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		f := found{path: rel(root, path), info: info}
		switch {
		case isLink(info.Mode()):
			if f.data, err = os.Readlink(path); err != nil {
				return err
			}
		case info.Mode().IsRegular():
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			f.data = string(data)
		}
		all = append(all, f)
		return nil
	})
	return all, err // parents come before what is in them
}
