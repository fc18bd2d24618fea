package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// processor is the time that a process has used so far, with all its threads,
// also those that have ended. The clock of a process is that of
// clock_getcpuclockid(3): CPUCLOCK_SCHED, 2, of linux/posix-timers.h.
func processor(pid int) (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &t); err != nil {
		return 0, fmt.Errorf("read the processor time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// numbers are those of a file of lines such as "VmRSS:  9000 kB", by name, added
// up over all files of a pattern.
func numbers(pattern string) (map[string]int, error) {
	paths, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	all := map[string]int{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // a thread that has ended
		}
		for line := range strings.Lines(string(text)) {
			name, rest, ok := strings.Cut(line, ":")
			fields := strings.Fields(rest)
			if !ok || len(fields) == 0 {
				continue
			}
			if n, err := strconv.Atoi(fields[0]); err == nil {
				all[name] += n
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("read %s: there are no numbers", pattern)
	}
	return all, nil
}

// A footprint is the memory of a process, in KiB.
type footprint struct {
	resident     int
	proportional int // shared pages counted in parts; 0: the system does not tell
	own          int // what no other process shares; likewise
}

func footprintOf(pid int) (f footprint, err error) {
	status, err := numbers(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return f, err
	}
	f.resident = status["VmRSS"]
	if rollup, err := numbers(fmt.Sprintf("/proc/%d/smaps_rollup", pid)); err == nil {
		f.proportional, f.own = rollup["Pss"], rollup["Private_Clean"]+rollup["Private_Dirty"]
	}
	return f, nil
}

// An activity is what a process has done so far.
type activity struct {
	processor time.Duration
	woken     int // how often its threads have waited and gone on
	calls     int // of read(2) and write(2) and their kin
}

func activityOf(pid int) (a activity, err error) {
	if a.processor, err = processor(pid); err != nil {
		return a, err
	}
	threads, err := numbers(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil {
		return a, err
	}
	io, err := numbers(fmt.Sprintf("/proc/%d/io", pid))
	a.woken, a.calls = threads["voluntary_ctxt_switches"], io["syscr"]+io["syscw"]
	return a, err
}

func descriptorsOf(pid int) (int, error) {
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(all), err
}

// loadAverage is that of the last minute; 0 where it is not known.
func loadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	load, _ := strconv.ParseFloat(first, 64)
	return load
}
