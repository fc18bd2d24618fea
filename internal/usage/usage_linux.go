package usage

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// tick is the unit of times in /proc/PID/stat. USER_HZ is 100 on each
// architecture that Go runs on; see time(7).
const tick = time.Second / 100

// Of returns what a process takes; of one that is gone, nothing.
func Of(pid int) Usage {
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return Usage{}
	}
	statm, err := os.ReadFile(dir + "/statm")
	if err != nil {
		return Usage{}
	}
	return Usage{RSS: resident(statm), CPU: spent(stat)}
}

// resident reads the second number of statm, in pages.
func resident(statm []byte) int64 {
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}

// spent reads utime and stime, fields 14 and 15. The name of the program, which
// may hold anything, ends with the last parenthesis.
func spent(stat []byte) time.Duration {
	const utime, stime = 14 - 3, 15 - 3 // counted from the field behind the name
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) <= stime {
		return 0
	}
	user, _ := strconv.ParseInt(string(fields[utime]), 10, 64)
	system, _ := strconv.ParseInt(string(fields[stime]), 10, 64)
	return time.Duration(user+system) * tick
}
