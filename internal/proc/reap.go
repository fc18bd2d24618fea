package proc

import "sync"

// own holds the pids that this package waits for, so that the reaper of
// orphans leaves them alone.
var own = struct {
	sync.Mutex
	pids map[int]bool
}{pids: map[int]bool{}}

func started(pid int) {
	own.Lock()
	defer own.Unlock()
	own.pids[pid] = true
}

func ended(pid int) {
	own.Lock()
	defer own.Unlock()
	delete(own.pids, pid)
}

func isOwn(pid int) bool {
	own.Lock()
	defer own.Unlock()
	return own.pids[pid]
}
