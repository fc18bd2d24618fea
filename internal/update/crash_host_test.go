//go:build unix

package update

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// The tests of crash_*_test.go take one release after the other all the way: a
// policy that remembers lets it in, it is staged, preflighted, offered, put on
// record, run, and installed or quarantined. And they end the process, fail the
// disk, or cut the power at each step of it.

// An edition is one release of the program, that prints its number when it runs.
type edition struct {
	Number int
	Digest release.Digest
	Size   int64
	Bad    bool `json:"-"` // it fails its trial
}

// editions are all releases, by their number: 1 is installed, 2 and 3 are good,
// 4 is bad.
type editions map[int]edition

const (
	lastGood = 3
	last     = 4
)

// A host has a program, and a place where releases of it appear. Both are in one
// directory; what is upgraded is alone in a directory below.
type host struct {
	dir      string // its own
	shelf    string // the releases', which several hosts may share
	editions editions
	shape    shape
}

func (h host) root() string              { return filepath.Join(h.dir, "host") }
func (h host) target() string            { return h.shape.target(h) }
func (h host) state() string             { return filepath.Join(h.root(), ".app.overseer") }
func (h host) released(n int) string     { return filepath.Join(h.shelf, strconv.Itoa(n), "app") }
func (h host) current() string           { return filepath.Join(h.dir, "current") }
func (h host) before(number int) edition { return h.editions[number-1] }
func (h host) after(number int) edition  { return h.editions[min(number, lastGood)] }

// newShelf writes the releases. Nothing forks meanwhile that would have them
// open as they are run (golang/go#22315).
func newShelf(dir string, write func(number int, path string) error) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	for n := 1; n <= last; n++ {
		path := host{shelf: dir}.released(n)
		err := errors.Join(os.Mkdir(filepath.Dir(path), 0o700), write(n, path))
		if err != nil {
			return err
		}
		e, err := describe(n, path)
		if err != nil {
			return err
		}
		about, err := json.Marshal(e)
		if err != nil {
			return err
		}
		if err := os.WriteFile(path+".json", about, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// newHost has the first release installed.
func newHost(dir, shelf string, s shape) (host, error) {
	h, err := openHost(dir, shelf, s)
	if err != nil {
		return h, err
	}
	return h, errors.Join(os.Mkdir(h.root(), 0o755), s.install(h))
}

func describe(n int, path string) (edition, error) {
	data, err := os.ReadFile(path)
	return edition{Number: n, Digest: digest(string(data)), Size: int64(len(data)), Bad: n == last}, err
}

// openHost finds what is there.
func openHost(dir, shelf string, s shape) (host, error) {
	h := host{dir: dir, shelf: shelf, editions: editions{}, shape: s}
	for n := 1; n <= last; n++ {
		e := edition{Bad: n == last}
		about, err := os.ReadFile(h.released(n) + ".json")
		if err == nil {
			err = json.Unmarshal(about, &e)
		}
		if err != nil {
			return h, err
		}
		h.editions[n] = e
	}
	return h, nil
}

// publish makes a release the newest, by one rename.
func (h host) publish(number int) error {
	next := h.current() + ".next"
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return errors.Join(os.Symlink(filepath.Dir(h.released(number)), next), os.Rename(next, h.current()))
}

// offers is where the releases come from, and who lets them in: another source
// with a policy of its own is put in here. letIn is told what the policy has
// kept durably.
func (h host) offers(letIn func(number int)) (fetcher.Interface, trust.Policy) {
	return &fetcher.File{Path: filepath.Join(h.current(), "app"), Interval: 1, Settle: 1}, ledger{letIn: letIn}
}

// A ledger lets in what the statement beside the release names, where its number
// is not below the highest that it has seen.
type ledger struct {
	memory trust.Memory
	letIn  func(number int)
}

var errReplayed = errors.New("an older release is played back")

// ledgerName is where a ledger keeps the highest number.
const ledgerName = "ledger"

func (ledger) Name() string { return "ledger" }

func (l ledger) On(h trust.Host) trust.Policy { l.memory = h.Memory; return l }

func (l ledger) Vouch(ctx context.Context, c release.Candidate) (trust.Grant, error) {
	about, err := os.ReadFile(c.Source + ".json")
	if err != nil {
		return trust.Grant{}, err
	}
	var e edition
	if err := json.Unmarshal(about, &e); err != nil {
		return trust.Grant{}, err
	}
	err = l.memory.Update(ctx, ledgerName, func(old []byte) ([]byte, error) {
		highest, err := remembered(string(old))
		if err == nil && e.Number < highest {
			err = fmt.Errorf("%w: %d after %d", errReplayed, e.Number, highest)
		}
		return fmt.Appendf(nil, "highest %d\n", e.Number), err
	})
	if err != nil {
		return trust.Grant{}, err
	}
	l.letIn(e.Number)
	return trust.Grant{Digest: e.Digest, Size: e.Size, Version: strconv.Itoa(e.Number)}, nil
}

// remembered reads what a ledger keeps; nothing is 0.
func remembered(text string) (number int, err error) {
	if text == "" {
		return 0, nil
	}
	_, err = fmt.Sscanf(text, "highest %d\n", &number)
	return number, err
}
