//go:build linux

package proc

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func init() {
	children["said before and after"] = saysLines
	children["replaced"] = isReplaced
	children["adopts"] = adopts
}

// saysLines says a line at once, and each that it is sent.
func saysLines() error {
	fmt.Fprintln(os.Stderr, "the first line")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fmt.Fprintln(os.Stderr, lines.Text())
	}
	os.Exit(5)
	return nil
}

// isReplaced starts a child and executes the test binary in its own place. The
// child says a line meanwhile, and ends where it is told to.
func isReplaced() error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	binary, err := os.Open(exe)
	if err != nil {
		return err
	}
	in, lines, err := os.Pipe()
	if err != nil {
		return err
	}
	p, err := Start(Spec{
		Binary: binary, Path: exe, Args: []string{"child"},
		Env:   append(Environ(os.Environ(), childVariable+"="), childVariable+"=said before and after"),
		Stdin: in, Stderr: os.Stderr, CaptureStderr: true, CaptureCrash: true,
	}, func(Extra) []string { return nil })
	if err != nil {
		return err
	}
	in.Close()
	for p.Output() != "the first line" {
		time.Sleep(time.Millisecond) // a keeper tells nobody
	}
	if err := p.Interrupt(10 * time.Second); err != nil {
		return err
	}
	release, err := HoldReaping(10 * time.Second)
	if err != nil {
		return err
	}
	defer release()
	fmt.Fprintln(lines, "a line between the images")
	if os.Getenv("ENDS") != "" {
		lines.Close()
		awaitEnd(p.PID)
	}
	h := p.Handoff()
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	fd, err := descriptor(lines)
	if os.Getenv("ENDS") != "" {
		fd, err = -1, nil
	}
	if err != nil {
		return err
	}
	for _, n := range []int{fd, h.Stderr.FD, h.Crash.FD} {
		unix.FcntlInt(uintptr(n), unix.F_SETFD, 0)
	}
	env := append(Environ(os.Environ(), childVariable+"="), childVariable+"=adopts", "HANDOFF="+string(text), fmt.Sprintf("LINES=%d", fd))
	return syscall.Exec(exe, []string{"next image"}, env)
}

// adopts is the next image: it has the child say one more line and end, and tells
// how it ended.
func adopts() error {
	var h Handoff
	if err := json.Unmarshal([]byte(os.Getenv("HANDOFF")), &h); err != nil {
		return err
	}
	p, err := Adopt(h, os.Stderr)
	if err != nil {
		return err
	}
	var fd int
	fmt.Sscan(os.Getenv("LINES"), &fd)
	if fd >= 0 {
		lines := os.NewFile(uintptr(fd), "lines")
		fmt.Fprintln(lines, "a line to the next image")
		lines.Close()
	}
	e := p.Exit()
	return json.NewEncoder(os.Stdout).Encode(e)
}

// TestAdopt: a child, what it said before, and its end outlive an execve of its
// parent.
func TestAdopt(t *testing.T) {
	for _, tt := range []struct {
		name, ends string
		said       []string
	}{
		{"it goes on", "", []string{"the first line", "a line between the images", "a line to the next image"}},
		{"it has ended by then", "1", []string{"the first line", "a line between the images"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := spec(t, "replaced")
			s.Env = append(s.Env, "ENDS="+tt.ends)
			r, w := pipe(t)
			s.Stdout = w
			errRead, errWrite := pipe(t)
			s.Stderr = errWrite
			p := start(t, s)
			w.Close()
			errWrite.Close()
			var e Exit
			err := json.NewDecoder(r).Decode(&e)
			passed, _ := io.ReadAll(errRead)
			want := strings.Join(tt.said, "\n")
			if err != nil || e.Code != 5 || e.Signal != 0 || e.Output != want {
				t.Errorf("the child's end is %+v, %v; want code 5 after %q", e, err, want)
			}
			if string(passed) != want+"\n" {
				t.Errorf("passed on: %q, want %q", passed, want)
			}
			if e := exit(t, p); e.Code != 0 {
				t.Errorf("the parent ended with %+v", e)
			}
		})
	}
}

// TestInterruptIsTakenBack: nothing is lost of what is said meanwhile.
func TestInterruptIsTakenBack(t *testing.T) {
	s := spec(t, "said before and after")
	in, lines := pipe(t)
	s.Stdin, s.CaptureStderr = in, true
	p := start(t, s)
	in.Close()
	for range 20 {
		must(t, p.Interrupt(20*time.Second))
		fmt.Fprintln(lines, "a line")
		p.Resume()
	}
	lines.Close()
	e := exit(t, p)
	if got := strings.Count(e.Output, "a line"); e.Code != 5 || got != tailLines {
		t.Errorf("code %d after %d of the last lines, want 5 and %d:\n%s", e.Code, got, tailLines, e.Output)
	}
}

// TestHoldReaping: while it is held, an end is not reported.
func TestHoldReaping(t *testing.T) {
	s := spec(t, "said before and after")
	in, lines := pipe(t)
	s.Stdin = in
	p := start(t, s)
	in.Close()
	release, err := HoldReaping(20 * time.Second)
	must(t, err)
	lines.Close()
	awaitEnd(p.PID)
	if p.Ended() {
		t.Error("the end was reported while reaping was held")
	}
	release()
	if e := exit(t, p); e.Code != 5 {
		t.Errorf("the child ended with %+v, want code 5", e)
	}
}
