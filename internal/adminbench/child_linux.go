package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// patience bounds whatever a child is waited for.
const patience = time.Minute

// A child is this binary in a role.
type child struct {
	as    role
	pid   int
	dir   string
	in    io.WriteCloser
	lines chan string // what it says; closed at its end
	seen  []string
	cmd   *exec.Cmd
	ended chan error
}

// start starts a child, with more variables in its environment. It has to be
// stopped.
func start(ctx context.Context, as role, env ...string) (*child, error) {
	binary, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{as: as, cmd: exec.CommandContext(ctx, binary), lines: make(chan string, 1000), ended: make(chan error, 1)}
	if c.dir, err = os.MkdirTemp("", "adminbench"); err != nil {
		return nil, err
	}
	c.cmd.Env = append(os.Environ(), roleVariable+"="+string(as), dirVariable+"="+c.dir)
	c.cmd.Env = append(c.cmd.Env, env...)
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(syscall.SIGTERM) }
	c.cmd.WaitDelay = 10 * time.Second
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // and workers end with their master
	out, err1 := c.cmd.StderrPipe()
	c.in, err = c.cmd.StdinPipe()
	if err1 != nil || err != nil {
		os.RemoveAll(c.dir)
		return nil, fmt.Errorf("make pipes: %w, %w", err1, err)
	}
	started := make(chan error, 1)
	go c.live(started, out)
	if err := <-started; err != nil {
		os.RemoveAll(c.dir)
		return nil, err
	}
	c.pid = c.cmd.Process.Pid
	return c, nil
}

// live starts the process and waits for its end, in one thread: a parent, to
// Pdeathsig, is a thread.
func (c *child) live(started chan<- error, out io.Reader) {
	runtime.LockOSThread()
	err := c.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	in := bufio.NewScanner(out)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		c.lines <- in.Text()
	}
	close(c.lines)
	c.ended <- c.cmd.Wait()
}

// await returns the line with a text, which may have come already.
func (c *child) await(text string) (string, error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for n := 0; ; n++ {
		if n == len(c.seen) {
			select {
			case l, ok := <-c.lines:
				if !ok {
					return "", fmt.Errorf("a process (%s) ended and has not said %q; it said last:\n%s", c.as, text, strings.Join(c.seen[max(0, n-10):], "\n"))
				}
				c.seen = append(c.seen, l)
			case <-timer.C:
				return "", fmt.Errorf("a process (%s) has not said %q within %v", c.as, text, patience)
			}
		}
		if strings.Contains(c.seen[n], text) {
			return c.seen[n], nil
		}
	}
}

// stop ends the child and waits for it.
func (c *child) stop() {
	c.in.Close()
	if c.as != idle && c.as != speaker {
		c.cmd.Process.Signal(syscall.SIGTERM)
	}
	timer := time.AfterFunc(patience, func() { c.cmd.Process.Kill() })
	defer timer.Stop()
	for range c.lines { // it ends when the process has
	}
	<-c.ended
	os.RemoveAll(c.dir)
}
