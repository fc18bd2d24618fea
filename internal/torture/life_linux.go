package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A life is one master, from its start to its end, whatever it has become since.
type life struct {
	number   int
	cmd      *exec.Cmd
	pid      int           // also of its session
	onBad    bool          // it has started on a disk that was bad, so it may have no socket
	up       chan struct{} // closed when one of its own has answered
	ended    chan struct{}
	expected bool  // the driver has ended it
	harm     *harm // of the time in which no master runs
	files    int   // descriptors, when all was calm for the first time
	badDisk  int   // how often the disk had been bad at its start
}

// isUp reports whether it has been up.
func (l *life) isUp() bool { return closed(l.up) }

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// manage starts a master, and another one whenever one has ended, as a service
// manager does, until the host ends. It returns when the last one has ended.
func (h *host) manage() {
	var lastHarm *harm
	for failures := 0; ; {
		l, err := h.start(lastHarm)
		if err != nil {
			h.story.violated("master", "a master cannot be started: %v", err)
			return
		}
		upStop := make(chan struct{})
		upDone := make(chan struct{})
		go func() {
			defer close(upDone)
			h.awaitUp(l, upStop)
		}()
		err = l.cmd.Wait()
		close(l.ended)
		close(upStop)
		<-upDone
		h.mu.Lock()
		expected, ends := l.expected, h.ends
		lastHarm = l.harm
		h.mu.Unlock()
		h.story.say("master %d ended: %v", l.pid, err)
		switch {
		case ends || h.story.violation() != nil:
			return
		case l.isUp():
			failures = 0
		default:
			failures++
		}
		if !expected && (l.isUp() || failures > 20) {
			h.story.violated("master", "master %d ended although nobody had asked it to: %v (%d in a row)", l.pid, err, failures)
			return
		}
		if failures > 0 {
			time.Sleep(time.Second) // as a service manager does between two tries
		}
	}
}

// start starts a master.
func (h *host) start(harm *harm) (*life, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	l := &life{cmd: exec.Command(h.binary), up: make(chan struct{}), ended: make(chan struct{}), harm: harm}
	l.cmd.Stdout, l.cmd.Stderr = w, w
	l.cmd.Env = append(os.Environ(), serviceVariable+"="+h.dir, addressVariable+"="+h.address)
	if h.signed != nil {
		l.cmd.Env = append(l.cmd.Env, keyVariable+"="+h.signed.public.String())
	}
	if h.jumps {
		l.cmd.Env = append(l.cmd.Env, clockVariable+"="+h.clock())
	}
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	h.mu.Lock()
	l.onBad, l.badDisk = h.diskIsBad, h.badDisk
	h.mu.Unlock()
	if err := l.cmd.Start(); err != nil {
		r.Close()
		return nil, err
	}
	l.pid = l.cmd.Process.Pid
	h.mu.Lock()
	l.number = len(h.lives)
	h.lives, h.life = append(h.lives, l), l
	h.mu.Unlock()
	h.story.say("master %d begins", l.pid)
	go h.read(r) // ends with the last process that writes
	return l, nil
}

func (h *host) read(r io.ReadCloser) {
	defer r.Close()
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		h.story.log(lines.Text())
	}
}

// awaitUp waits for the first answer of this master's own, which ends the harm that
// no master ran.
func (h *host) awaitUp(l *life, stop chan struct{}) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		if pid, err := h.whoAnswers(2 * time.Second); err == nil {
			if p, ok := readProcess(pid); ok && p.session == l.pid {
				h.mu.Lock()
				if l.harm != nil {
					l.harm.To = time.Now()
					l.harm = nil
				}
				h.mu.Unlock()
				close(l.up)
				return
			}
		}
		select {
		case <-tick.C:
		case <-stop:
			return
		case <-late:
			h.story.violated("accepts", "no generation of master %d answers within %v of its start", l.pid, patience)
			return
		}
	}
}

// whoAnswers asks on a new connection, and returns the process that answers.
func (h *host) whoAnswers(bound time.Duration) (pid int, err error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: bound}
	resp, err := client.Get("http://" + h.address + "/")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return 0, errors.New(resp.Status)
	}
	parts := strings.Split(resp.Header.Get("X-Version"), "/")
	return strconv.Atoi(parts[len(parts)-1])
}

// now returns the master that runs: one that is up, and that nobody has ended.
func (h *host) now() (*life, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.life == nil || !h.life.isUp() || h.life.expected || closed(h.life.ended) {
		return nil, errors.New("no master is up")
	}
	return h.life, nil
}

// endMaster ends the master by a signal; another one is started by manage. Where
// last is set, none is.
func (h *host) endMaster(l *life, s syscall.Signal, last bool) error {
	v, err := take(l.pid, l.pid)
	if err != nil {
		return skipped(err) // another step has ended it
	}
	defer v.close()
	h.mu.Lock()
	if l.expected {
		h.mu.Unlock()
		return skipped("it is ending already")
	}
	harm := &harm{What: fmt.Sprintf("no master after %v", s), From: time.Now(), Refuses: true, Resets: true}
	h.harms = append(h.harms, harm)
	l.expected, l.harm, h.ends = true, harm, h.ends || last
	h.mu.Unlock()
	if err := v.signal(s); err != nil {
		return err
	}
	select {
	case <-l.ended:
		return nil
	case <-time.After(patience):
		h.story.violated("master", "master %d has not ended within %v of %v", l.pid, patience, s)
		return nil
	}
}
