package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// A run is a line that a process of the service leaves for the driver.
type run struct {
	Version string
	What    string
	PID     int
	Started time.Time // of the process
	At      time.Time
}

// note appends a line to the driver's file of runs.
func note(r run) {
	r.PID, r.At = os.Getpid(), wallTime()
	r.Started = startOf(r.PID)
	line, err := json.Marshal(r)
	if err != nil {
		return // of this type none fails
	}
	f, err := os.OpenFile(filepath.Join(os.Getenv(serviceVariable), "runs"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return // the process has too few descriptors
	}
	defer f.Close()
	f.Write(append(line, '\n'))
}

// readRuns returns the runs from an offset on, and where to go on.
func readRuns(dir string, from int64) (all []run, next int64) {
	f, err := os.Open(filepath.Join(dir, "runs"))
	if err != nil {
		return nil, from
	}
	defer f.Close()
	f.Seek(from, 0)
	in := bufio.NewReader(f)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return all, from // what has no end yet is read again
		}
		from += int64(len(line))
		var r run
		if json.Unmarshal(bytes.TrimSpace(line), &r) == nil {
			all = append(all, r)
		}
	}
}

// startOf is when a process began, to a hundredth of a second: proc(5).
func startOf(pid int) time.Time {
	p, ok := readProcess(pid)
	if !ok {
		return time.Time{}
	}
	var up unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &up); err != nil {
		return time.Time{}
	}
	const tick = time.Second / 100 // on every port of Linux
	ago := time.Duration(up.Nano()) - time.Duration(p.began)*tick
	return wallTime().Add(-ago)
}
