package main

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// idle is how long a session lives without a word.
const idle = 30 * time.Second

// sessions are those that this generation has begun. What they hold is here and
// nowhere else.
type sessions struct {
	owner int

	mu    sync.Mutex
	last  int
	open  map[string]*session
	empty chan struct{} // closed when none is open; nil while nobody waits
}

type session struct {
	words int
	timer *time.Timer
}

func newSessions(owner int) *sessions {
	return &sessions{owner: owner, open: map[string]*session{}}
}

// handle returns the answer to a datagram, or nothing.
func (s *sessions) handle(packet string) string {
	packet = strings.TrimSpace(packet)
	name, word, ok := strings.Cut(packet, " ")
	s.mu.Lock()
	defer s.mu.Unlock()
	if packet == "hello" {
		return "welcome " + s.beginLocked()
	}
	one := s.open[name]
	switch {
	case !ok:
		return "" // no word of this protocol
	case one == nil:
		return name + " gone"
	case word == "bye":
		s.endLocked(name)
		return name + " bye"
	}
	one.timer.Reset(idle)
	one.words++
	return fmt.Sprintf("%s %d %s", name, one.words, word)
}

func (s *sessions) beginLocked() string {
	s.last++
	name := fmt.Sprintf("%d.%d", s.owner, s.last)
	s.open[name] = &session{timer: time.AfterFunc(idle, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.endLocked(name)
	})}
	return name
}

func (s *sessions) endLocked(name string) {
	if one := s.open[name]; one != nil {
		one.timer.Stop()
		delete(s.open, name)
	}
	if len(s.open) == 0 && s.empty != nil {
		close(s.empty)
		s.empty = nil
	}
}

// ended returns a channel that is closed when no session is open.
func (s *sessions) ended() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	ended := make(chan struct{})
	if len(s.open) == 0 {
		close(ended)
	} else {
		s.empty = ended
	}
	return ended
}
