package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A process is a line of the process table, by proc(5).
type process struct {
	pid, parent, session int
	state                byte
	began                uint64 // ticks since the boot
}

func readProcess(pid int) (p process, ok bool) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return p, false
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 {
		return p, false
	}
	p = process{pid: pid, state: fields[0][0]}
	p.parent, _ = strconv.Atoi(fields[1])
	p.session, _ = strconv.Atoi(fields[3])
	p.began, _ = strconv.ParseUint(fields[19], 10, 64)
	return p, true
}

// processes returns all of the table.
func processes() (all []process) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if p, ok := readProcess(pid); ok {
			all = append(all, p)
		}
	}
	return all
}

// zombies returns the children of this process that nobody has waited for.
func zombies() (pids []int) {
	for _, p := range processes() {
		if p.parent == os.Getpid() && p.state == 'Z' {
			pids = append(pids, p.pid)
		}
	}
	return pids
}

// session returns the processes of a session that are not zombies.
func session(sid int) (all []process) {
	for _, p := range processes() {
		if p.session == sid && p.state != 'Z' {
			all = append(all, p)
		}
	}
	return all
}

// A victim is a process that something is done to: by its pidfd, so that it is never
// another one that has got its number.
type victim struct {
	pid int
	fd  int
}

// take holds a process of a session.
func take(pid, sid int) (v victim, err error) {
	v = victim{pid: pid}
	if v.fd, err = unix.PidfdOpen(pid, 0); err != nil {
		return v, err
	}
	if p, ok := readProcess(pid); !ok || p.session != sid {
		v.close()
		return v, fmt.Errorf("process %d is not one of session %d", pid, sid)
	}
	return v, nil
}

func (v victim) signal(s syscall.Signal) error { return unix.PidfdSendSignal(v.fd, s, nil, 0) }

func (v victim) close() { unix.Close(v.fd) }

// gone waits for its end, for a bounded time.
func (v victim) gone() bool {
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(v.fd), Events: unix.POLLIN}}, int(patience.Milliseconds()))
	return err == nil && n == 1
}

// descriptors returns what a process has open, without what our own questions cost.
func descriptors(pid int) map[string]int {
	kinds := map[string]int{}
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil {
			to = strings.TrimRight(to, "0123456789[]-ABCDEFGHIJKLMNOPQRSTUVWXYZ")
			kinds[to]++
		}
	}
	return kinds
}
