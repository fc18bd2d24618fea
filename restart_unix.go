//go:build unix

package overseer

import (
	"sync"
)

// current is what Restart speaks to.
var current struct {
	sync.Mutex
	ask     func(force bool)
	pending []bool // asked before there was anybody to ask
}

func restart(force bool) {
	current.Lock()
	defer current.Unlock()
	switch {
	case current.ask != nil:
		current.ask(force)
	case isWorker && len(current.pending) == 0:
		current.pending = append(current.pending, force)
	}
}

func setCurrent(ask func(force bool)) {
	current.Lock()
	defer current.Unlock()
	current.ask = ask
	for _, force := range current.pending {
		ask(force)
	}
	current.pending = nil
}
