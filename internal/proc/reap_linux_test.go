package proc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func init() {
	children["reap"] = reap
	children["orphan"] = func() error {
		exe, err := os.Executable()
		if err != nil {
			return err
		}
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), childVariable+"=say pid")
		cmd.Stdout = os.Stdout
		return cmd.Start() // and nobody waits
	}
	children["say pid"] = func() error {
		fmt.Println(os.Getpid())
		return nil
	}
}

// TestReaper's work is done in a process that orphans come to.
func TestReaper(t *testing.T) {
	s := spec(t, "reap")
	s.CaptureStderr = true
	if got := exit(t, start(t, s)); got.Code != 0 {
		t.Fatalf("Exit = %+v", got)
	}
}

func reap() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become a reaper of orphans: %w", err)
	}
	var r Reaper
	if r.Reap() {
		return errors.New("Reap finds something before there was anything")
	}
	orphan, err := makeOrphan()
	if err != nil {
		return err
	}
	command, err := makeCommand()
	if err != nil {
		return err
	}
	own, err := makeOwn()
	if err != nil {
		return err
	}
	// A process that runs is none of the Reaper's business.
	sleeper := exec.Command("/proc/self/exe")
	sleeper.Env = append(os.Environ(), childVariable+"=wait")
	hold, err := sleeper.StdinPipe()
	if err != nil {
		return err
	}
	if err := sleeper.Start(); err != nil {
		return err
	}

	// Not zombies for the Reaper: those of this package.
	if !r.Reap() || !zombie(orphan) || !zombie(command.Process.Pid) {
		return fmt.Errorf("the first look has taken something: zombies are %v", zombies())
	}
	if err := command.Wait(); err != nil { // as a hook of the user's does
		return fmt.Errorf("a hook's command: %w", err)
	}
	if r.Reap() || zombie(orphan) {
		return fmt.Errorf("the second look left something: zombies are %v", zombies())
	}
	if r.Reap() {
		return errors.New("there is still more")
	}
	if !zombie(own) {
		return errors.New("the Reaper has taken a process of this package")
	}
	if _, err := unix.Wait4(own, nil, 0, nil); err != nil {
		return err
	}
	ended(own)
	hold.Close()
	return sleeper.Wait()
}

func zombie(pid int) bool { return slices.Contains(zombies(), pid) }

// makeOrphan returns the pid of a zombie whose parent has ended.
func makeOrphan() (int, error) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), childVariable+"=orphan")
	out, err := cmd.Output() // ends when the orphan does
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(string(bytes.TrimSpace(out)))
	if err != nil {
		return 0, err
	}
	return pid, awaitZombie(pid)
}

// makeCommand returns a command that has ended and is not waited for yet.
func makeCommand() (*exec.Cmd, error) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), childVariable+"=say pid")
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := io.ReadAll(out); err != nil {
		return nil, err
	}
	return cmd, awaitZombie(cmd.Process.Pid)
}

// makeOwn returns the pid of a zombie that this package is about to wait for.
func makeOwn() (int, error) {
	exe, err := os.Executable()
	if err != nil {
		return 0, err
	}
	p, err := os.StartProcess(exe, []string{exe}, &os.ProcAttr{Env: append(Environ(os.Environ(), childVariable+"="), childVariable+"=say pid")})
	if err != nil {
		return 0, err
	}
	started(p.Pid)
	return p.Pid, awaitZombie(p.Pid)
}

// awaitZombie waits for the end of a child and leaves it unwaited for.
func awaitZombie(pid int) error {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		var info unix.Siginfo
		err := unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return err
		}
	}
	return fmt.Errorf("process %d does not end", pid)
}
