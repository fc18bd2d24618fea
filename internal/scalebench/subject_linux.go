package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// patience bounds whatever a service is waited for.
const patience = 2 * time.Minute

// A subject is a service that is measured.
type subject struct {
	cmd        *exec.Cmd
	lines      chan line
	seen       []line
	addresses  []string
	generation int
	notMoved   int
}

// line is what the service has said, and when.
type line struct {
	at   time.Time
	text string
}

func startSubject(ctx context.Context, listeners int) (*subject, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	s := &subject{cmd: exec.CommandContext(ctx, self), lines: make(chan line, 1000), generation: 1}
	s.cmd.Env = append(os.Environ(), roleVariable+"="+strconv.Itoa(listeners))
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = 10 * time.Second
	out, err := s.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go s.read(out) // ends with the service
	text, err := s.await("addresses of generation 1: ")
	if err == nil {
		_, list, _ := strings.Cut(text.text, ": ")
		err = json.Unmarshal([]byte(list), &s.addresses)
	}
	if err == nil {
		_, err = s.await("msg=live generation=1 ")
	}
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *subject) read(out io.Reader) {
	defer close(s.lines)
	in := bufio.NewScanner(out)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		s.lines <- line{time.Now(), in.Text()}
	}
}

// await returns the line with a text, which may have come already: what a program
// says before it is live passes through the master, and may be late.
func (s *subject) await(text string) (line, error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for n := 0; ; n++ {
		if n == len(s.seen) {
			select {
			case l, ok := <-s.lines:
				if !ok {
					return l, fmt.Errorf("the service ended; it has not said %q", text)
				}
				s.seen = append(s.seen, l)
				if strings.Contains(l.text, "not moved:") {
					s.notMoved++
				}
			case <-timer.C:
				return line{}, fmt.Errorf("the service has not said %q within %v", text, patience)
			}
		}
		if strings.Contains(s.seen[n].text, text) {
			return s.seen[n], nil
		}
	}
}

// A handover is what one restart took, from the signal on.
type handover struct {
	live   time.Duration // until the new generation is live
	paused time.Duration // until the program of the old one is told to drain
	moved  time.Duration // until it has ended, having handed over what it had
}

func (s *subject) restart() (h handover, err error) {
	began := time.Now()
	if err := s.cmd.Process.Signal(syscall.SIGUSR2); err != nil {
		return h, err
	}
	for _, step := range []struct {
		text string
		took *time.Duration
	}{
		{fmt.Sprintf("msg=live generation=%d ", s.generation+1), &h.live},
		{fmt.Sprintf("generation %d drains", s.generation), &h.paused},
		{fmt.Sprintf("msg=gone generation=%d ", s.generation), &h.moved},
	} {
		l, err := s.await(step.text)
		if err != nil {
			return h, err
		}
		*step.took = l.at.Sub(began)
	}
	s.generation++
	return h, nil
}

// memory returns the master's resident set, in KiB.
func (s *subject) memory() (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for text := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(text, "VmRSS:"); ok {
			return strconv.Atoi(strings.Fields(value)[0])
		}
	}
	return 0, errors.New("the master has no VmRSS")
}

// processor returns the processor time that the master has used so far. It says
// the same on a busy machine.
func (s *subject) processor() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // the name may have spaces
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("the master's stat has too few fields")
	}
	const tick = 10 * time.Millisecond // proc_pid_stat(5): sysconf(_SC_CLK_TCK), 100 on Linux
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

func (s *subject) stop() error {
	err := s.cmd.Process.Signal(syscall.SIGTERM)
	for range s.lines { // it ends when the service has ended
	}
	return errors.Join(err, s.cmd.Wait())
}
