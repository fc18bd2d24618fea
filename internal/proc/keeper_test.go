//go:build unix

package proc

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// slow is a standard error that takes the first words late.
type slow struct {
	entered chan struct{}
	after   time.Duration
}

func (s *slow) Write(b []byte) (int, error) {
	if s.entered != nil {
		close(s.entered)
		s.entered = nil
		<-time.After(s.after) // this is the fault
	}
	return len(b), nil
}

// The last words of a process are kept although the reading is behind, and its
// pipe is held open by a child.
func TestLastWordsOnABusyHost(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	entered := make(chan struct{})
	k := newKeeper(r, nil, keptStderr, true)
	k.to = &slow{entered: entered, after: 2*lingerOutput + lingerOutput/2}
	go k.run()
	io.WriteString(w, "first words\n")
	<-entered
	io.WriteString(w, "last words\n")
	k.end()
	if got := k.text(); !strings.Contains(got, "last words") {
		t.Errorf("kept %q, want the last words too", got)
	}
	w.Close()
	<-k.done
}
