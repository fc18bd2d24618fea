package proc

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// lingerOutput bounds the wait for the rest of a pipe after the process has
// ended: a child of its own may hold the pipe open for ever.
const lingerOutput = 250 * time.Millisecond

// lingerings is how often that time is given while the pipe holds something that
// was not read yet: on a busy host the reading may be behind.
const lingerings = 6

// A keeper reads a pipe to its end, passes on what comes, and keeps a bounded
// part of it. A nil keeper keeps nothing.
type keeper struct {
	pipe *os.File
	to   io.Writer // or nil
	max  int
	tail bool          // keep the end, not the beginning
	done chan struct{} // closed when the pipe has ended

	mu      sync.Mutex
	kept    []byte
	cut     bool          // the beginning of kept has gone
	stopped chan struct{} // closed when the reading was interrupted; nil: it goes on
	fatal   string        // the last line that tells of a fatal error of the runtime
}

func keep(pipe, to *os.File, max int, tail bool) *keeper {
	k := newKeeper(pipe, to, max, tail)
	go k.run()
	return k
}

func newKeeper(pipe, to *os.File, max int, tail bool) *keeper {
	k := &keeper{pipe: pipe, max: max, tail: tail, done: make(chan struct{})}
	if to != nil {
		k.to = to
	}
	return k
}

// interrupt has the reading stop between two reads; stopped is closed then, or
// done where the pipe has ended. Nothing is lost: what was not read stays in the
// pipe.
func (k *keeper) interrupt() (stopped <-chan struct{}) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.stopped = make(chan struct{})
	k.pipe.SetReadDeadline(time.Unix(1, 0))
	return k.stopped
}

// resume takes the interruption back, once it was carried out.
func (k *keeper) resume() {
	k.mu.Lock()
	defer k.mu.Unlock()
	select {
	case <-k.stopped:
		k.stopped = nil
		k.pipe.SetReadDeadline(time.Time{})
		go k.run()
	default: // ended, or it was never reached
		k.stopped = nil
		k.pipe.SetReadDeadline(time.Time{})
	}
}

// interrupted reports whether the reading is to stop because of interrupt.
func (k *keeper) interrupted(err error) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.stopped == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		return false
	}
	close(k.stopped)
	return true
}

func (k *keeper) run() {
	buf := make([]byte, 4<<10)
	for {
		n, err := k.pipe.Read(buf)
		if n > 0 {
			k.keep(buf[:n])
			if k.to != nil {
				k.to.Write(buf[:n]) // as the process itself would have: a full or broken standard error loses it
			}
		}
		if err != nil && k.interrupted(err) {
			return
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			k.pipe.Close()
			close(k.done)
			return
		}
	}
}

func (k *keeper) keep(b []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept = append(k.kept, b...)
	k.noteFatal()
	if over := len(k.kept) - k.max; over > 0 {
		if k.tail {
			k.kept = append(k.kept[:0], k.kept[over:]...)
			k.cut = true
		} else {
			k.kept = k.kept[:k.max]
		}
	}
}

// end waits for the rest of the pipe once the process has ended. Where the
// process has left the pipe to a child, the reading goes on by itself until
// that ends.
func (k *keeper) end() {
	if k == nil {
		return
	}
	tick := time.NewTicker(lingerOutput)
	defer tick.Stop()
	for range lingerings {
		select {
		case <-k.done:
			return
		case <-tick.C:
		}
		if !unread(k.pipe) {
			return
		}
	}
}

// text returns what was kept so far, without the rest of a line whose beginning
// has gone, unless that is all there is.
func (k *keeper) text() string {
	if k == nil {
		return ""
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	text := string(k.kept)
	if _, whole, ok := strings.Cut(text, "\n"); k.cut && ok && whole != "" {
		return whole
	}
	return text
}

// fatalError is how the runtime's word on a fatal error begins. It goes to
// standard error alone: what comes by debug.SetCrashOutput begins behind it, and
// is so long that the end of standard error does not have it any more.
var fatalError = []byte("fatal error: ")

func (k *keeper) noteFatal() {
	i := bytes.LastIndex(k.kept, fatalError)
	if i < 0 || i > 0 && k.kept[i-1] != '\n' {
		return
	}
	if line, _, whole := bytes.Cut(k.kept[i:], []byte("\n")); whole {
		k.fatal = string(line)
	}
}

// cause returns the line that words of a crash without a panic lack, or nothing.
func (k *keeper) cause(crash string) string {
	if k == nil || strings.HasPrefix(crash, "panic: ") {
		return ""
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fatal == "" || strings.Contains(crash, k.fatal) {
		return ""
	}
	return k.fatal + "\n\n"
}
