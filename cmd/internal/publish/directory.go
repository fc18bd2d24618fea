package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/seed-3d078585/overseer/cmd/internal/period"
)

var (
	// ErrNoDirectory is a directory that was never begun with [Init].
	ErrNoDirectory = errors.New("no release directory: begin one with overseer release init")

	// ErrState is a directory that does not fit together, which no publisher
	// leaves behind.
	ErrState = errors.New("the release directory does not fit together")

	// ErrRefused is what would be published and hosts would refuse.
	ErrRefused = errors.New("hosts would refuse it")
)

// A Directory is a release directory. Its methods lock it where they change it,
// and may be called from many processes.
type Directory struct {
	disk disk
	now  func() time.Time
	say  func(string)
	work func(task string, total int64) (done func(int64), end func())
	wait time.Duration
}

// Options of [Open]. Each may be zero.
type Options struct {
	// Now is the clock.
	Now func() time.Time

	// Say takes what a person should know and what is no error.
	Say func(remark string)

	// Work shows that something takes time: how much there is to do, and then
	// how much is done. end is called once.
	Work func(task string, total int64) (done func(int64), end func())

	// Wait bounds the wait for another publisher. Default: 10 s.
	Wait time.Duration

	// Before is told of each step that changes the disk, before it is taken.
	Before func(step, name string)
}

const defaultWait = 10 * time.Second

// Open opens a release directory.
//
// Errors that can be matched: [ErrNoDirectory].
func Open(path string, o Options) (*Directory, error) {
	d := newDirectory(path, o)
	_, err := d.settings()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open %q: %w", path, ErrNoDirectory)
	}
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", path, err)
	}
	return d, nil
}

func newDirectory(path string, o Options) *Directory {
	d := &Directory{disk: disk{path, o.Before}, now: o.Now, say: o.Say, work: o.Work, wait: o.Wait}
	if d.now == nil {
		d.now = time.Now
	}
	if d.say == nil {
		d.say = func(string) {}
	}
	if d.work == nil {
		d.work = func(string, int64) (func(int64), func()) { return func(int64) {}, func() {} }
	}
	if d.wait == 0 {
		d.wait = defaultWait
	}
	return d
}

func (d *Directory) sayf(format string, args ...any) { d.say(fmt.Sprintf(format, args...)) }

// clock is the time to write into a manifest.
func (d *Directory) clock() time.Time { return d.now().UTC().Truncate(time.Second) }

// change locks the directory, puts right what a killed publisher left, and has
// it changed.
func (d *Directory) change(ctx context.Context, do func(*state) error) error {
	unlock, err := d.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	s, err := d.load()
	if err != nil {
		return err
	}
	if err := d.tidy(s); err != nil {
		return err
	}
	return do(s)
}

// A Period is a length of time that a person writes: 90d, 1y, 36h.
type Period = period.Period
