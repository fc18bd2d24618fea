//go:build unix

package proc

import (
	"fmt"
	"os"
)

// wiring is the descriptors of a process to be started, and our ends of them.
type wiring struct {
	files      []*os.File // the child's, by number
	extra      Extra
	stderr     *os.File // where captured lines go on to
	childEnds  []*os.File
	stderrRead *os.File
	crashRead  *os.File
}

func wire(s Spec) (*wiring, error) {
	w := &wiring{stderr: s.Stderr}
	if err := w.connect(s); err != nil {
		w.closeChildEnds()
		w.closeParentEnds()
		return nil, err
	}
	return w, nil
}

// connect opens what the child gets. Where it fails, what it has opened is left to
// whoever calls it.
func (w *wiring) connect(s Spec) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open %q: %w", os.DevNull, err)
	}
	w.childEnds = append(w.childEnds, null)
	or := func(f *os.File) *os.File {
		if f == nil {
			return null
		}
		return f
	}
	w.files = append([]*os.File{or(s.Stdin), or(s.Stdout), or(s.Stderr)}, s.Files...)
	if s.CaptureStderr {
		end, err := w.pipe(&w.stderrRead)
		if err != nil {
			return err
		}
		w.files[2] = end
		if s.Stderr != nil {
			w.extra.Stderr = len(w.files)
			w.files = append(w.files, s.Stderr)
		}
	}
	if s.CaptureCrash {
		end, err := w.pipe(&w.crashRead)
		if err != nil {
			return err
		}
		w.extra.Crash = len(w.files)
		w.files = append(w.files, end)
	}
	return nil
}

// pipe makes a pipe, keeps the read end in *read and returns the child's end.
func (w *wiring) pipe(read **os.File) (*os.File, error) {
	r, end, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make pipe: %w", err)
	}
	*read = r
	w.childEnds = append(w.childEnds, end)
	return end, nil
}

func (w *wiring) closeChildEnds() {
	for _, f := range w.childEnds {
		f.Close()
	}
}

func (w *wiring) closeParentEnds() {
	for _, f := range []*os.File{w.stderrRead, w.crashRead} {
		if f != nil {
			f.Close()
		}
	}
}
