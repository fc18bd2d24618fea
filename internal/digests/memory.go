package digests

import (
	"os"
	"slices"
	"sync"
	"time"
)

// How much older than its hashing the last change of a file has to be. The clock
// of a filesystem ticks with the kernel's, each 10 ms at the slowest
// (CONFIG_HZ=100), or in whole seconds.
const (
	racy      = 100 * time.Millisecond
	racyWhole = 2 * time.Second
)

// settled reports whether a file that is hashed now, and was changed then, can
// not be changed again without its time of change telling.
func settled(now, changed time.Time) bool {
	if changed.Nanosecond() == 0 {
		return changed.Before(now.Add(-racyWhole))
	}
	return changed.Before(now.Add(-racy))
}

// kept is how many files are remembered; the one that was found first goes first.
const kept = 32

// File is the name of a record in its directory.
const File = "digests.json"

// A found is the sums of one file as it was.
type found struct {
	Print print `json:"print"`
	Sums  Sums  `json:"sums"`
}

// A Memory remembers the sums of files. It is safe for concurrent use, and
// several processes may share a record: what one of them forgets by it is hashed
// again.
type Memory struct {
	path string
	now  func() time.Time

	mu    sync.Mutex
	read  bool    // the record was
	files []found // the newest last
	fresh []found // what the record has not
}

// New returns a memory that keeps its record at path, in a directory that only
// this user may write. Without a path it remembers for as long as the process
// lives.
func New(path string) *Memory { return &Memory{path: path, now: time.Now} }

// Of returns the sums of a file, which has to be one that runs: see the package.
// It reads the file from its beginning and leaves its offset alone.
func (m *Memory) Of(f *os.File) (Sums, error) {
	was, known := take(f)
	if known {
		if s, ok := m.recall(was); ok {
			return s, nil
		}
	}
	began := m.now()
	s, err := Sum(f)
	if err != nil || !known || !settled(began, was.changed()) {
		return s, err
	}
	if is, known := take(f); known && is == was {
		m.note(found{Print: was, Sums: s})
	}
	return s, nil
}

func (m *Memory) recall(p print) (Sums, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.read {
		m.read, m.files = true, m.load()
	}
	for _, f := range m.files {
		if f.Print == p {
			return f.Sums, true
		}
	}
	return Sums{}, false
}

func (m *Memory) note(f found) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files, m.fresh = add(m.files, f), add(m.fresh, f)
}

// add puts a file to the end, in the place of what was known of the same one.
func add(files []found, f found) []found {
	files = slices.DeleteFunc(files, func(other found) bool { return other.Print.sameFile(f.Print) })
	files = append(files, f)
	return files[max(0, len(files)-kept):]
}

// Keep writes what was found since to the record. It waits for the disk, though
// not for a flush: after a power cut the record counts for nothing.
func (m *Memory) Keep() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.fresh) == 0 || m.path == "" {
		return nil
	}
	files := m.load() // another process may have added something
	for _, f := range m.fresh {
		files = add(files, f)
	}
	m.files, m.fresh = files, nil
	return m.save()
}
