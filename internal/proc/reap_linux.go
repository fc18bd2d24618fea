package proc

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// A Reaper waits for orphans: processes whose parent has ended become children
// of PID 1, and stay zombies until it waits for them.
//
// A zombie may also be a command that a hook of the user's is about to wait for.
// So a zombie is reaped only when it was one at the call before too; make calls
// a second or more apart.
type Reaper struct{ seen map[int]bool }

// Reap waits for the zombies that were there at its last call, and reports
// whether there are more to come back for. It never blocks.
func (r *Reaper) Reap() (more bool) {
	now := map[int]bool{}
	for _, pid := range zombies() {
		if isOwn(pid) {
			continue
		}
		if r.seen[pid] {
			unix.Wait4(pid, nil, unix.WNOHANG, nil)
			continue
		}
		now[pid] = true
	}
	r.seen = now
	return len(now) > 0
}

// zombies lists this process's ended children, by proc(5).
func zombies() []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	self := []byte(strconv.Itoa(os.Getpid()))
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		// pid (name) state ppid …: the name may hold anything, so count from
		// its last parenthesis.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if len(fields) > 1 && fields[0][0] == 'Z' && bytes.Equal(fields[1], self) {
			pids = append(pids, pid)
		}
	}
	return pids
}
