//go:build unix

package peer

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Belongs reports whether a process is the main one of a program, of its process
// group, or a descendant of it. One that has ended before it was looked at is a
// stranger; of those that notify, systemd's own wait for that (BARRIER=1).
func Belongs(pid, main int) bool {
	if pid <= 0 || pid == os.Getpid() {
		return false
	}
	if pid == main {
		return true
	}
	if group, err := syscall.Getpgid(pid); err == nil && group == main {
		return true
	}
	for range 32 {
		parent, err := parentOf(pid)
		if err != nil || parent <= 1 {
			return false
		}
		if parent == main {
			return true
		}
		pid = parent
	}
	return false
}

// parentOf reads a process's parent from proc_pid_stat(5). The name in brackets
// may hold anything, brackets too.
func parentOf(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 2 {
		return 0, fmt.Errorf("stat of process %d: %q", pid, text)
	}
	return strconv.Atoi(fields[1])
}
