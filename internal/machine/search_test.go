package machine

import (
	"flag"
	"hash/maphash"
	"slices"
	"strings"
	"testing"
)

var searchStates = flag.Int("search.states", 60_000, "how many states of each world the search visits")

var walks = flag.Int("search.walks", 20_000, "how many random walks are taken")

// states is how many states of one world are visited.
func states() int {
	if testing.Short() {
		return *searchStates / 10
	}
	return *searchStates
}

// node is a state that was reached: from which one, and by what.
type node struct {
	parent int
	move   int // index in the moves of the parent
	depth  int
}

// search visits the states of a world, nearest first, and returns the shortest
// way to a promise that does not hold, as moves from the boot.
type search struct {
	set    Settings
	left   budget
	mutate mutation
	limit  int // states
	sample int // each how many-th state the ends are tried from

	nodes []node
	seen  map[uint64]struct{}
	seed  maphash.Seed
	whole bool // there was nothing left to visit
}

// failure is a promise that does not hold.
type failure struct {
	broken string
	path   []int  // moves
	then   string // what a fair world was asked for at the end of the path
}

func (s *search) run() *failure {
	s.seen, s.seed = map[uint64]struct{}{}, maphash.MakeSeed()
	queue := s.roots()
	for at := 0; at < len(s.nodes); at++ {
		w := queue[at]
		queue[at] = nil
		if f := s.judge(w, at); f != nil {
			return f
		}
		if len(s.nodes) >= s.limit {
			continue
		}
		for i, mv := range w.moves() {
			if mv.timer.Bound == BoundStable {
				continue // it only shortens a later wait
			}
			c := w.clone()
			mv.do(c, mv)
			if s.first(c) || c.broken != "" {
				s.nodes = append(s.nodes, node{parent: at, move: i, depth: s.nodes[at].depth + 1})
				queue = append(queue, c)
			}
		}
	}
	s.whole = len(s.nodes) < s.limit
	return nil
}

// first reports whether this is the first visit of a state.
func (s *search) first(w *world) bool {
	h := maphash.String(s.seed, w.key())
	_, ok := s.seen[h]
	s.seen[h] = struct{}{}
	return !ok
}

// roots returns each state of one long life in which nothing goes wrong: boot,
// then all that may be asked, one after the other, the stop left out. From
// the boot alone a search would spend itself before the first upgrade.
func (s *search) roots() []*world {
	w := newWorld(s.set, s.left, s.mutate)
	w.clock = newClock()
	w.feed(Boot{})
	var queue []*world
	for parent, i := -1, 0; ; parent++ {
		root := w.clone()
		root.clock = nil
		s.first(root)
		queue = append(queue, root)
		s.nodes = append(s.nodes, node{parent: parent, move: i})
		ms := w.moves()
		if i = w.fairMove(ms); i < 0 {
			i = slices.IndexFunc(ms, func(mv move) bool { return mv.asked })
		}
		if i < 0 {
			return queue
		}
		ms[i].do(w, ms[i])
	}
}

// judge looks at one state and, for some, at where it leads to.
func (s *search) judge(w *world, at int) *failure {
	if w.broken != "" {
		return &failure{broken: w.broken, path: s.path(at)}
	}
	if at%s.sample != 0 {
		return nil
	}
	for _, end := range ends {
		c := w.clone()
		end.drive(c)
		if c.broken != "" {
			return &failure{broken: c.broken, path: s.path(at), then: end.name}
		}
	}
	return nil
}

// ends are the ways in which each state must end well.
var ends = []struct {
	name  string
	drive func(*world)
}{
	{"left alone", (*world).comesToRest},
	{"stopped", (*world).comesToAnEnd},
}

func (s *search) path(at int) []int {
	var path []int
	for ; s.nodes[at].parent >= 0; at = s.nodes[at].parent {
		path = append([]int{s.nodes[at].move}, path...)
	}
	return path
}

// story walks the path again and tells it.
func (s *search) story(f *failure) string {
	var b strings.Builder
	w := newWorld(s.set, s.left, s.mutate)
	t := &teller{out: &b}
	w.heard = t.tell
	w.feed(Boot{})
	for _, i := range f.path {
		mv := w.moves()[i]
		b.WriteString("# " + mv.String() + "\n")
		mv.do(w, mv)
	}
	for _, end := range ends {
		if end.name == f.then {
			b.WriteString("# " + end.name + ", without further faults\n")
			end.drive(w)
		}
	}
	return b.String()
}

func TestSearch(t *testing.T) {
	for _, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) {
			t.Parallel()
			s := &search{set: sc.set, left: sc.left, limit: states(), sample: 16}
			f := s.run()
			if f != nil {
				t.Fatalf("%s\n%s", f.broken, s.story(f))
			}
			t.Logf("%d states, %d moves deep, all: %v", len(s.nodes), s.nodes[len(s.nodes)-1].depth, s.whole)
		})
	}
}
