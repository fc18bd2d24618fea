package doctor

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// hostOf finds out by proc(5) how a master sees its files, and who it is.
func hostOf(s Subject) host {
	h := host{user: self()}
	if s.PID == 0 {
		return h
	}
	ours, err := os.Readlink("/proc/self/ns/mnt")
	theirs, err2 := os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", s.PID))
	if err == nil && err2 == nil && ours != theirs {
		h.root = fmt.Sprintf("/proc/%d/root", s.PID)
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID))
	if err != nil {
		h.user.known = false
		return h
	}
	h.user = identityIn(string(data))
	return h
}

// identityIn reads the effective user and the groups: proc_pid_status(5).
func identityIn(status string) (i identity) {
	for l := range strings.Lines(status) {
		key, value, _ := strings.Cut(l, ":")
		fields := strings.Fields(value)
		switch key {
		case "Uid":
			if len(fields) > 1 {
				n, err := strconv.Atoi(fields[1])
				i.uid, i.known = n, err == nil
			}
		case "Gid", "Groups":
			for n, f := range fields {
				if gid, err := strconv.Atoi(f); err == nil && (key == "Groups" || n == 1) {
					i.groups = append(i.groups, gid)
				}
			}
		}
	}
	return i
}
