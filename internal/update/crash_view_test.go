//go:build unix

package update

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-3d078585/overseer/internal/durable"
	"github.com/seed-3d078585/overseer/internal/durable/durabletest"
	"github.com/seed-3d078585/overseer/release"
)

// A view is what stands in a host's directory, at one moment or after a crash.
type view struct {
	shape    shape
	editions editions
	files    map[string]seen

	highest int // what the ledger remembers
	trials  []struct {
		Digest  release.Digest
		Attempt int
		Owner   *struct{ PID int }
	}
	entries []struct{ Digest release.Digest }
}

type seen struct {
	digest release.Digest
	text   string // of a small file; where a link leads
	mode   fs.FileMode
}

// Names in a host's directory.
const (
	lockFile       = ".app.overseer/lock"
	memoryFile     = ".app.overseer/trust-" + ledgerName
	trialsFile     = ".app.overseer/trials.json"
	quarantineFile = ".app.overseer/quarantine.json"
)

const small = 64 << 10

func (h host) viewOf(c durabletest.Cut) (*view, error) {
	v := &view{shape: h.shape, editions: h.editions, files: map[string]seen{}}
	for name, f := range c.Files {
		if !f.Mode.IsDir() {
			v.files[name] = seen{digest: digest(f.Data), text: f.Data, mode: f.Mode}
		}
	}
	return v, v.read()
}

// view looks at what is really there.
func (h host) view() (*view, error) {
	v := &view{shape: h.shape, editions: h.editions, files: map[string]seen{}}
	err := filepath.WalkDir(h.root(), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		data, err := readAny(path, info)
		name, _ := filepath.Rel(h.root(), path)
		s := seen{digest: digest(string(data)), mode: info.Mode()}
		if len(data) <= small {
			s.text = string(data)
		}
		v.files[name] = s
		return err
	})
	return v, errors.Join(err, v.read())
}

// readAny reads a file, or where a link leads.
func readAny(path string, info fs.FileInfo) ([]byte, error) {
	if info.Mode().Type() == fs.ModeSymlink {
		to, err := os.Readlink(path)
		return []byte(to), err
	}
	return os.ReadFile(path)
}

// read understands the records. One that cannot be is an error: whatever
// happened, they are whole.
func (v *view) read() (err error) {
	if f, ok := v.files[memoryFile]; ok {
		if v.highest, err = remembered(f.text); err != nil || v.highest == 0 {
			return fmt.Errorf("the memory holds %q", f.text)
		}
	}
	return errors.Join(v.record(trialsFile, "trials", &v.trials), v.record(quarantineFile, "entries", &v.entries))
}

func (v *view) record(name, field string, into any) error {
	f, ok := v.files[name]
	if !ok {
		return nil
	}
	var all map[string]json.RawMessage
	err := json.Unmarshal([]byte(f.text), &all)
	if err == nil {
		err = json.Unmarshal(all[field], into)
	}
	if err != nil {
		return fmt.Errorf("%s holds %q: %w", name, f.text, err)
	}
	return nil
}

// edition returns the one that a file holds, whole.
func (v *view) edition(name string) (edition, error) {
	f, ok := v.files[name]
	if !ok {
		return edition{}, fmt.Errorf("%s is missing", name)
	}
	for _, e := range v.editions {
		if e.Digest == f.digest {
			return e, nil
		}
	}
	return edition{}, fmt.Errorf("%s holds no complete program but %.60q", name, f.text)
}

// check is what holds at every moment, whatever happened.
func (v *view) check() error {
	var errs []error
	need := func(number int, why string) {
		if number > 1 && v.highest < number {
			errs = append(errs, fmt.Errorf("%s release %d, and the memory is at %d", why, number, v.highest))
		}
	}
	for name := range v.files {
		number, err := v.shape.holds(v, name)
		if errors.Is(err, errNobodys) {
			switch {
			case name == memoryFile, name == trialsFile, name == quarantineFile, name == lockFile, isTemp(name):
				err = nil
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
		need(number, name+" holds")
	}
	if is, err := v.installed(); err != nil {
		errs = append(errs, err)
	} else if is.Bad {
		errs = append(errs, errors.New("a bad release is installed"))
	}
	for _, t := range v.trials {
		need(v.number(t.Digest), "on record is a trial of")
	}
	for _, q := range v.entries {
		need(v.number(q.Digest), "quarantined is")
	}
	return errors.Join(errs...)
}

func (v *view) installed() (edition, error) { return v.shape.installed(v) }
func (v *view) previous() (edition, error)  { return v.shape.previous(v) }

func isTemp(name string) bool {
	_, ok := durable.TempOf(filepath.Base(name))
	return ok
}

func (v *view) number(d release.Digest) int {
	for n, e := range v.editions {
		if e.Digest == d {
			return n
		}
	}
	return last + 1
}

// leftovers are files that belong to nobody once a master has recovered.
func (h host) leftovers() (names []string, err error) {
	err = filepath.WalkDir(h.root(), func(path string, e fs.DirEntry, err error) error {
		name := e.Name()
		if strings.Contains(name, ".candidate-") || isTemp(name) || strings.Contains(name, ".corrupt") {
			names = append(names, name)
		}
		return err
	})
	return names, err
}

// tried reports whether a trial of a release is on record, and how often it was
// interrupted before.
func (v *view) tried(e edition) (on bool, interrupted int) {
	for _, t := range v.trials {
		if t.Digest == e.Digest && t.Owner != nil {
			on = true
		} else if t.Digest == e.Digest {
			interrupted = t.Attempt
		}
	}
	return on, interrupted
}

// What may be promised.

func remembers(number int) func(*view) error {
	return func(v *view) error {
		if v.highest < number {
			return fmt.Errorf("the memory is at %d", v.highest)
		}
		return nil
	}
}

func onTrial(e edition) func(*view) error {
	return func(v *view) error {
		if on, _ := v.tried(e); !on {
			return fmt.Errorf("on record are %v", v.trials)
		}
		return nil
	}
}

// known is what becomes of a trial: whatever its end, it is not forgotten.
func known(e edition) func(*view) error {
	return func(v *view) error {
		on, interrupted := v.tried(e)
		if on || interrupted > 0 || quarantines(e)(v) == nil || installs(e)(v) == nil {
			return nil
		}
		return errors.New("nothing tells of it")
	}
}

func installs(e edition) func(*view) error {
	return func(v *view) error {
		if is, err := v.installed(); err != nil || is.Number < e.Number {
			return fmt.Errorf("installed is %d: %w", is.Number, err)
		}
		return nil
	}
}

func keeps(e edition) func(*view) error {
	return func(v *view) error {
		if is, err := v.previous(); err != nil || is.Number < e.Number {
			return fmt.Errorf("the previous one is %d: %w", is.Number, err)
		}
		return nil
	}
}

func quarantines(e edition) func(*view) error {
	return func(v *view) error {
		for _, q := range v.entries {
			if q.Digest == e.Digest {
				return nil
			}
		}
		return fmt.Errorf("quarantined are %v", v.entries)
	}
}
