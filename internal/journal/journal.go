package journal

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// What is kept.
const (
	maxEvents   = 1000
	maxAttempts = 100
	maxText     = 4 << 10 // bytes of a reason or an output
)

// A Journal is safe for concurrent use.
type Journal struct {
	mu       sync.Mutex
	events   []admin.Event // oldest first
	last     uint64        // ID of the newest
	history  history
	versions map[string]string // of releases, by digest
	told     chan struct{}     // closed and made anew by each Append
	ended    bool
	files    *files // nil: nothing is written
}

// New returns a journal that is kept in memory only.
func New() *Journal {
	return &Journal{versions: map[string]string{}, told: make(chan struct{})}
}

// Open returns a journal that goes on with what is in a directory, which must be
// there and be this user's own. Where another master writes there, or files
// cannot be written, the error says so, and the journal is one in memory.
func Open(dir string) (*Journal, error) {
	j := New()
	f, err := openFiles(dir)
	if err != nil {
		return j, err
	}
	events, attempts, err := f.read()
	if err != nil {
		f.close()
		return j, err
	}
	j.files = f
	j.history.ended = attempts
	for _, a := range attempts {
		j.learn(a.To)
	}
	for _, e := range events {
		j.keep(e, nil)
	}
	return j, nil
}

// Append gives the event its number, a time where it has none, and the version
// of its release where that is known, and tells it. After Close it does nothing.
func (j *Journal) Append(e admin.Event) admin.Event {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	e.Time = e.Time.UTC().Round(0) // what is written is read as the same
	e.Reason, e.Output = cut(e.Reason), cut(e.Output)
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.ended {
		return e
	}
	e.ID = j.last + 1
	if e.Version == "" {
		e.Version = j.versions[e.Release]
	}
	j.keep(e, func(a admin.Attempt) { write(j.files, historyFile, a, j.allAttempts) })
	write(j.files, eventsFile, e, j.allEvents)
	close(j.told)
	j.told = make(chan struct{})
	return e
}

func (j *Journal) allEvents() []admin.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.events)
}

func (j *Journal) allAttempts() []admin.Attempt {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.history.ended)
}

// keep takes an event in; each change of release that it ends is given to ended.
func (j *Journal) keep(e admin.Event, ended func(admin.Attempt)) {
	j.add(e)
	for _, a := range j.history.take(e) {
		if ended != nil && j.history.add(a) {
			ended(a)
		}
	}
}

// add takes an event in that tells nothing new of the history.
func (j *Journal) add(e admin.Event) {
	j.last = max(j.last, e.ID)
	j.learn(admin.Release{Digest: e.Release, Version: e.Version})
	j.events = append(j.events, e)
	if extra := len(j.events) - maxEvents; extra > 0 {
		j.events = slices.Delete(j.events, 0, extra)
	}
}

// maxVersions bounds what is known of releases by name.
const maxVersions = 1000

func (j *Journal) learn(r admin.Release) {
	if r.Digest == "" || r.Version == "" {
		return
	}
	if len(j.versions) >= maxVersions {
		clear(j.versions) // those that are seen again are learnt again
	}
	j.versions[r.Digest] = r.Version
}

// Version returns the version of a release, empty where it is not known.
func (j *Journal) Version(digest string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.versions[digest]
}

// Last returns the number of the newest event.
func (j *Journal) Last() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

// Events returns up to limit of the newest events after a number; known is false
// where there were more that are not kept.
func (j *Journal) Events(after uint64, limit int) (events []admin.Event, known bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	i := j.index(after)
	known = i < len(j.events) && j.events[i].ID == after+1 || after >= j.last
	return slices.Clone(j.events[max(i, len(j.events)-limit):]), known
}

// index is that of the first event after a number.
func (j *Journal) index(after uint64) int {
	i, _ := slices.BinarySearchFunc(j.events, after+1, func(e admin.Event, id uint64) int {
		switch {
		case e.ID < id:
			return -1
		case e.ID > id:
			return 1
		}
		return 0
	})
	return i
}

// History returns up to limit changes of release, the newest first; one that is
// under way comes before all others.
func (j *Journal) History(limit int) []admin.Attempt {
	j.mu.Lock()
	defer j.mu.Unlock()
	all := slices.Clone(j.history.ended)
	if j.history.open != nil {
		all = append(all, *j.history.open)
	}
	slices.Reverse(all)
	return all[:min(limit, len(all))]
}

// Close ends all followers, and waits until what was appended is written.
func (j *Journal) Close() {
	j.mu.Lock()
	if j.ended {
		j.mu.Unlock()
		return
	}
	j.ended = true
	close(j.told)
	j.mu.Unlock()
	j.files.close()
}

// Still waits until what was appended is written, or ctx ends.
func (j *Journal) Still(ctx context.Context) error { return j.files.still(ctx) }

// Follow returns the events after a number, as they come.
func (j *Journal) Follow(after uint64) admin.Follower { return &follower{j: j, after: after} }

type follower struct {
	j     *Journal
	after uint64
}

// Next is [admin.Follower.Next].
func (f *follower) Next(ctx context.Context) (admin.Event, error) {
	for {
		e, wait, err := f.look()
		if wait == nil {
			return e, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return admin.Event{}, ctx.Err()
		}
	}
}

// look returns the next event, or what to wait for.
func (f *follower) look() (e admin.Event, wait <-chan struct{}, err error) {
	f.j.mu.Lock()
	defer f.j.mu.Unlock()
	i := f.j.index(f.after)
	switch {
	case i == len(f.j.events) && f.j.ended:
		return e, nil, admin.ErrEnded
	case i == len(f.j.events):
		return e, f.j.told, nil
	case f.j.events[i].ID != f.after+1:
		return e, nil, admin.ErrBehind
	}
	f.after++
	return f.j.events[i], nil, nil
}

// cut bounds a text.
func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	const mark = "…"
	end := maxText - len(mark)
	for end > 0 && s[end]&0xC0 == 0x80 { // not within a character
		end--
	}
	return s[:end] + mark
}
