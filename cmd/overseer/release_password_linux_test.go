package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal makes a pseudo terminal: pts(4). What is written to keyboard is
// typed, what is read from it is shown.
func terminal(t *testing.T) (keyboard, screen *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this host has no pseudo terminals: %v", err)
	}
	t.Cleanup(func() { keyboard.Close() })
	raw, err := keyboard.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	number := 0
	raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			number, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err == nil {
		screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Skipf("this host has no pseudo terminals: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	return keyboard, screen
}

// A person runs the command on a terminal.
type person struct {
	t        *testing.T
	cmd      *exec.Cmd
	keyboard *os.File
	screen   *os.File
	seen     bytes.Buffer
}

func (b *bench) atTerminal(line string) *person {
	b.t.Helper()
	p := &person{t: b.t}
	p.keyboard, p.screen = terminal(b.t)
	c, _ := child(b.t, append([]string{"release"}, strings.Fields(line)...)...)
	c.Dir = b.dir
	c.Env = append(c.Env, "TERM=xterm")
	c.Stdin, c.Stdout, c.Stderr = p.screen, p.screen, p.screen
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		b.t.Fatal(err)
	}
	bound := time.AfterFunc(time.Minute, func() { c.Process.Kill() })
	b.t.Cleanup(func() { bound.Stop(); c.Process.Kill() })
	p.cmd = c
	return p
}

// await reads the screen until it shows a text.
func (p *person) await(text string) {
	p.t.Helper()
	buf := make([]byte, 4096)
	for !strings.Contains(p.seen.String(), text) {
		p.keyboard.SetReadDeadline(time.Now().Add(time.Minute))
		n, err := p.keyboard.Read(buf)
		p.seen.Write(buf[:n])
		if err != nil {
			p.t.Fatalf("the screen never showed %q: %v\n%s", text, err, p.seen.String())
		}
	}
}

// hidden waits until the terminal does not show what is typed.
func (p *person) hidden(want bool) {
	p.t.Helper()
	poll(p.t, fmt.Sprintf("echo is off: %v", want), func() bool {
		raw, err := p.screen.SyscallConn()
		if err != nil {
			p.t.Fatal(err)
		}
		off := false
		raw.Control(func(fd uintptr) {
			state, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
			off = err == nil && state.Lflag&unix.ECHO == 0
		})
		return off == want
	})
}

func (p *person) press(text string) {
	p.t.Helper()
	if _, err := p.keyboard.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

// weak makes a bench whose key has the password "weak", and costs little.
func weak(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	for _, name := range []string{"weak.key", "weak.pub"} {
		text, err := os.ReadFile(filepath.Join("../internal/keys/testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(b.dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.release(0, "init DIR --pub weak.pub")
	b.publish("1.0.0", "")
	return b
}

// The password is asked for on the terminal and never shown.
func TestPasswordAtTerminal(t *testing.T) {
	b := weak(t)
	p := b.atTerminal("publish DIR --key weak.key")
	p.await("Password of weak.key: ")
	p.hidden(true)
	p.press("weak\n")
	p.await("published stable 1.0.0 as seq 2")
	if err := p.cmd.Wait(); err != nil {
		t.Error(err)
	}
	p.hidden(false)
	if shown := strings.ReplaceAll(p.seen.String(), "weak.key", ""); strings.Contains(shown, "weak") {
		t.Errorf("the password was shown:\n%s", shown)
	}
}

// Ctrl-C at the question leaves the terminal as it was, and the directory too.
func TestInterruptedAtPassword(t *testing.T) {
	b := weak(t)
	p := b.atTerminal("publish DIR --key weak.key")
	p.await("Password of weak.key: ")
	p.hidden(true)
	p.press("\x03")
	p.await("interrupted")
	if p.cmd.Wait(); p.cmd.ProcessState.ExitCode() != exitFailed {
		t.Errorf("it ended with %v", p.cmd.ProcessState)
	}
	p.hidden(false)
	if out, _ := b.release(0, "show DIR"); !strings.Contains(out, "seq        1\n") {
		t.Errorf("it published all the same:\n%s", out)
	}
}

// A machine has nobody to ask: the variable or a file says it.
func TestPasswordWithoutTerminal(t *testing.T) {
	b := weak(t)
	if err := os.WriteFile(filepath.Join(b.dir, "words"), []byte("wrong\nweak\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.release(0, "publish DIR --key weak.key --password-file words")
	if _, errs := b.release(1, "publish DIR --key weak.key"); !strings.Contains(errs, "OVERSEER_KEY_PASSWORD") {
		t.Errorf("it says %q", errs)
	}
	b.env = append(b.env, "OVERSEER_KEY_PASSWORD=weak")
	b.release(0, "publish DIR --key weak.key")
}

// On a terminal long work shows a bar, which is gone at the end.
func TestProgressAtTerminal(t *testing.T) {
	b := newBench(t)
	b.program("app", "1.0.0")
	p := b.atTerminal("add DIR --version 1.0.0 app")
	p.await("prepared stable 1.0.0")
	if err := p.cmd.Wait(); err != nil {
		t.Error(err)
	}
	shown := p.seen.String()
	if !strings.Contains(shown, "pack linux/arm64") || !strings.Contains(shown, "100 %") || strings.LastIndex(shown, "\x1b[K") < strings.LastIndex(shown, "100 %") {
		t.Errorf("the screen showed %q", shown)
	}
}
