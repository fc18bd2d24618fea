package doctor

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
)

// openFiles returns the limit of open files of a worker, and how many it has:
// proc_pid_limits(5). Where the master is in another namespace the worker's number
// is none of ours; so it has to be a child of the master.
func openFiles(master, worker int) (limit, open int, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", worker))
	if err != nil {
		return 0, 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 || fields[1] != strconv.Itoa(master) {
		return 0, 0, fmt.Errorf("process %d is no child of process %d as it is seen from here", worker, master)
	}
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", worker))
	if err != nil {
		return 0, 0, err
	}
	for l := range strings.Lines(string(limits)) {
		if rest, ok := strings.CutPrefix(l, "Max open files"); ok {
			soft := strings.Fields(rest)
			if len(soft) > 0 && soft[0] == "unlimited" {
				limit = math.MaxInt32
			} else if len(soft) > 0 {
				limit, err = strconv.Atoi(soft[0])
			}
		}
	}
	if limit == 0 || err != nil {
		return 0, 0, errors.Join(errors.New("its limits cannot be read"), err)
	}
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", worker))
	return limit, len(entries), err
}
