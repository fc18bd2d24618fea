package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// A story is what happened, for a person to read.
type story struct {
	began time.Time
	out   io.Writer // is told each line, where it is set

	mu    sync.Mutex
	lines []string
	tail  []string // of the service's log
	first *violation
	stop  chan struct{} // closed at the first violation
}

// A violation is a promise that was broken.
type violation struct {
	Promise string `json:"promise"`
	Text    string `json:"text"`
}

// keptLines bounds what is kept of the log, and of the story.
const keptLines = 400

func newStory(out io.Writer) *story {
	return &story{began: time.Now(), out: out, stop: make(chan struct{})}
}

func (s *story) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sayLocked(fmt.Sprintf(format, args...))
}

func (s *story) sayLocked(text string) {
	line := fmt.Sprintf("%9.3f  %s", time.Since(s.began).Seconds(), text)
	if s.lines = append(s.lines, line); len(s.lines) > 2*keptLines {
		s.lines = append([]string(nil), s.lines[keptLines:]...)
	}
	if s.out != nil {
		fmt.Fprintln(s.out, line)
	}
}

// log takes a line of the service's log.
func (s *story) log(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tail = append(s.tail, line); len(s.tail) > 2*keptLines {
		s.tail = append([]string(nil), s.tail[keptLines:]...)
	}
}

// violated notes a broken promise. The first one ends the run.
func (s *story) violated(promise, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	s.sayLocked("VIOLATION of " + promise + ": " + text)
	if s.first == nil {
		s.first = &violation{promise, text}
		close(s.stop)
	}
}

func (s *story) violation() *violation {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first
}

// transcript is the end of the story and of the log.
func (s *story) transcript() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := func(lines []string) string {
		return strings.Join(lines[max(0, len(lines)-keptLines):], "\n")
	}
	return "--- steps and events\n" + last(s.lines) + "\n--- the service's log\n" + last(s.tail) + "\n"
}
