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

// handle answers a datagram. A session has not ended before its last answer is
// out: the process may end with it.
func (s *sessions) handle(packet string, reply func(string)) {
	packet = strings.TrimSpace(packet)
	name, word, ok := strings.Cut(packet, " ")
	s.mu.Lock()
	defer s.mu.Unlock()
	if packet == "hello" {
		reply("welcome " + s.beginLocked())
		return
	}
	one := s.open[name]
	switch {
	case !ok:
		// no word of this protocol
	case one == nil:
		reply(name + " gone")
	case word == "bye":
		reply(name + " bye")
		s.endLocked(name)
	default:
		one.timer.Reset(idle)
		one.words++
		reply(fmt.Sprintf("%s %d %s", name, one.words, word))
	}
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
