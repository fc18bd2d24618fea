// Package progress shows on a terminal how far long work is. On what is no
// terminal it shows nothing.
package progress

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

const (
	width  = 24
	redraw = 100 * time.Millisecond
)

// A Bar shows one work at a time on the last line. It is for one goroutine.
type Bar struct {
	w     *os.File
	shown bool
	last  time.Time // when it was drawn
}

// New returns the bar of a terminal.
func New(w *os.File) *Bar {
	return &Bar{w: w, shown: term.IsTerminal(int(w.Fd())) && os.Getenv("TERM") != "dumb"}
}

// Begin shows that a task begins. done is told how much of total is done; end
// takes the line away.
func (b *Bar) Begin(task string, total int64) (done func(int64), end func()) {
	if !b.shown {
		return func(int64) {}, func() {}
	}
	drawn := false
	done = func(n int64) {
		if now := time.Now(); now.Sub(b.last) >= redraw {
			b.last, drawn = now, true
			fmt.Fprint(b.w, "\r\x1b[K\x1b[?7l"+Line(task, n, total)+"\x1b[?7h")
		}
	}
	return done, func() {
		if drawn {
			fmt.Fprint(b.w, "\r\x1b[K")
		}
	}
}

// Line is one moment of a task.
func Line(task string, n, total int64) string {
	if total <= 0 {
		return fmt.Sprintf("%s %d", task, n)
	}
	share := min(max(float64(n)/float64(total), 0), 1)
	full := int(share * width)
	return fmt.Sprintf("[%s%s] %3.0f %% %s", strings.Repeat("#", full), strings.Repeat(".", width-full), share*100, task)
}
