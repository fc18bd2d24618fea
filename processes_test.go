//go:build unix

package overseer_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// session returns the processes of a session that are not zombies, by proc(5).
func session(sid int) (pids []int) {
	for _, p := range processes() {
		if p.session == sid && p.state != 'Z' {
			pids = append(pids, p.pid)
		}
	}
	return pids
}

// process is a line of the process table.
type process struct {
	pid, parent, session int
	state                byte
}

func processes() (all []process) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		end := strings.LastIndexByte(string(stat), ')')
		fields := strings.Fields(string(stat[end+1:]))
		if len(fields) < 4 {
			continue
		}
		p := process{state: fields[0][0]}
		p.pid, _ = strconv.Atoi(filepath.Base(filepath.Dir(path)))
		p.parent, _ = strconv.Atoi(fields[1])
		p.session, _ = strconv.Atoi(fields[3])
		all = append(all, p)
	}
	return all
}
