package durabletest

import (
	"fmt"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/seed-3d078585/overseer/internal/durable"
)

// A Trace records the steps of a Disk. It is safe for concurrent use.
type Trace struct {
	Dir   string // names are told relative to it
	Fault Fault  // nil: every step is taken

	mu    sync.Mutex
	steps []string
}

// Disk is the real disk, watched.
func (t *Trace) Disk() durable.Disk {
	return durable.Disk{Before: func(s durable.Step) error {
		n := t.add(s)
		if t.Fault == nil {
			return nil
		}
		return t.Fault(n, s)
	}}
}

func (t *Trace) add(s durable.Step) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.steps = append(t.steps, Line(t.Dir, s))
	return len(t.steps)
}

// Steps returns what was recorded, one line for each step, also for one that
// failed.
func (t *Trace) Steps() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.steps...)
}

// Line tells a step with names relative to dir, their random parts cut off.
func Line(dir string, s durable.Step) string {
	line := fmt.Sprintf("%s %s", s.Op, name(dir, s.Path))
	if s.To != "" {
		line += " -> " + name(dir, s.To)
	}
	return line
}

func name(dir, path string) string {
	rel, err := filepath.Rel(dir, path)
	if err != nil {
		rel = path
	}
	return CutRandom(filepath.ToSlash(rel))
}

var random = regexp.MustCompile(`-[A-Z2-7]{26}(/|$)`)

// CutRandom puts an R in the place of the random parts that end names.
func CutRandom(name string) string { return random.ReplaceAllString(name, "-R$1") }
