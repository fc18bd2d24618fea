package journal

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/durable"
)

// Names in the state directory.
const (
	eventsFile  = "events.jsonl"
	historyFile = "history.jsonl"
	lockFile    = "journal.lock"
)

// maxFile is the size in bytes beyond which a file is written anew, and beyond
// four times of which one that is found is not read.
const maxFile = 2 << 20

// maxID is more than any master comes to. A line that has it is damaged, and the
// next event could have no number behind it.
const maxID = 1 << 62

// closeTimeout bounds the wait for a disk at the end.
const closeTimeout = 5 * time.Second

// files writes beside the journal, in order. A nil one writes nothing.
type files struct {
	dir  string
	lock *os.File

	mu     sync.Mutex
	queue  []func()
	busy   bool
	closed bool
	idle   chan struct{} // closed when nothing is queued
}

func openFiles(dir string) (*files, error) {
	lock, err := lockFor(filepath.Join(dir, lockFile))
	if err != nil {
		return nil, fmt.Errorf("keep events in %q: %w", dir, err)
	}
	f := &files{dir: dir, lock: lock, idle: make(chan struct{})}
	close(f.idle)
	return f, nil
}

// read returns what is there.
func (f *files) read() (events []admin.Event, attempts []admin.Attempt, err error) {
	events, err1 := readLines[admin.Event](filepath.Join(f.dir, eventsFile), maxEvents)
	attempts, err2 := readLines[admin.Attempt](filepath.Join(f.dir, historyFile), maxAttempts)
	sorted := events[:0]
	for _, e := range events { // what is out of order was not written by a master
		if e.ID < maxID && (len(sorted) == 0 || e.ID > sorted[len(sorted)-1].ID) {
			sorted = append(sorted, e)
		}
	}
	return sorted, attempts, errors.Join(err1, err2)
}

// readLines returns the last objects of a file, and leaves out what is none.
func readLines[T any](path string, keep int) (all []T, err error) {
	f, err := openRegular(path, os.O_RDONLY)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read
	scanner := bufio.NewScanner(io.LimitReader(f, 4*maxFile))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var one T
		if json.Unmarshal(scanner.Bytes(), &one) == nil {
			all = append(all, one)
		}
	}
	return all[max(0, len(all)-keep):], nil // a line that is too long ends the reading: what is before it counts
}

// write queues one line. It is called with the journal's lock held, so that the
// order is the journal's; all is asked later for what a file that has grown too
// large is to hold. A line that cannot be written is lost: the next one is a new
// try, as a full disk may have room again.
func write[T any](f *files, name string, one T, all func() []T) {
	if f == nil {
		return
	}
	f.do(func() {
		path := filepath.Join(f.dir, name)
		size, err := appendLine(path, lineOf(one))
		if err == nil && size > maxFile {
			durable.Disk{}.WriteFile(path, newest(all()), 0o600)
		}
	})
}

func lineOf[T any](one T) []byte {
	line, err := json.Marshal(one)
	if err != nil {
		return nil // of these types none fails
	}
	return append(line, '\n')
}

// newest returns the last lines that fit in half a file.
func newest[T any](all []T) []byte {
	var lines [][]byte
	size := 0
	for _, one := range slices.Backward(all) {
		line := lineOf(one)
		if size += len(line); size > maxFile/2 {
			break
		}
		lines = append(lines, line)
	}
	slices.Reverse(lines)
	return bytes.Join(lines, nil)
}

// appendLine returns the size of the file after it. What a crash has left without
// an end is ended first, so that it spoils no line but its own.
func appendLine(path string, line []byte) (size int64, err error) {
	f, err := openRegular(path, os.O_RDWR|os.O_APPEND|os.O_CREATE)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	if size = info.Size(); size > 0 {
		var last [1]byte
		if _, err := f.ReadAt(last[:], size-1); err == nil && last[0] != '\n' {
			line = append([]byte{'\n'}, line...)
		}
	}
	n, err := f.Write(line)
	return size + int64(n), err
}

// do queues work.
func (f *files) do(work func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return
	}
	f.queue = append(f.queue, work)
	if !f.busy {
		f.busy, f.idle = true, make(chan struct{})
		go f.work()
	}
}

// maxQueue bounds what waits for a disk that hangs: the events beyond it are in
// memory only.
const maxQueue = 10 * maxEvents

func (f *files) work() {
	for {
		f.mu.Lock()
		if len(f.queue) == 0 {
			f.busy = false
			close(f.idle)
			f.mu.Unlock()
			return
		}
		if len(f.queue) > maxQueue {
			f.queue = f.queue[len(f.queue)-maxQueue:]
		}
		work := f.queue[0]
		f.queue = f.queue[1:]
		f.mu.Unlock()
		work()
	}
}

func (f *files) still(ctx context.Context) error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	idle := f.idle
	f.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close waits, within a bound, for what is queued.
func (f *files) close() {
	if f == nil {
		return
	}
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	f.still(ctx)
	f.lock.Close()
}
