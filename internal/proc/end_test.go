//go:build unix

package proc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func init() {
	children["exit"] = func() error {
		code, err := strconv.Atoi(os.Args[1])
		if err == nil {
			os.Exit(code)
		}
		return err
	}
	children["die"] = func() error {
		n, err := strconv.Atoi(os.Args[1])
		if err != nil {
			return err
		}
		signal.Reset()
		if err := syscall.Kill(os.Getpid(), syscall.Signal(n)); err != nil {
			return err
		}
		select {}
	}
	children["wait"] = func() error {
		fmt.Println("here")
		_, err := io.Copy(io.Discard, os.Stdin) // until it is killed
		return err
	}
	children["catch"] = func() error {
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGUSR1)
		fmt.Println("here")
		<-c
		os.Exit(7)
		return nil
	}
	children["say"] = func() error {
		fmt.Fprint(os.Stderr, os.Args[1])
		return nil
	}
	children["say much"] = func() error {
		for n := range 5000 {
			fmt.Fprintf(os.Stderr, "line %d\n", n)
		}
		return nil
	}
	children["panic"] = func() error {
		f := os.NewFile(4, "crash")
		if err := debug.SetCrashOutput(f, debug.CrashOptions{}); err != nil {
			return err
		}
		f.Close()
		fmt.Fprintln(os.Stderr, "all was well")
		var deep func(n int)
		deep = func(n int) {
			if n == 0 {
				panic(errors.New("the first words"))
			}
			deep(n - 1)
		}
		debug.SetTraceback("all")
		for range 300 {
			go func() { select {} }()
		}
		deep(50)
		return nil
	}
	children["fatal error"] = func() error {
		f := os.NewFile(4, "crash")
		if err := debug.SetCrashOutput(f, debug.CrashOptions{}); err != nil {
			return err
		}
		debug.SetTraceback("all")
		for range 300 {
			go func() { select {} }()
		}
		new(sync.Mutex).Unlock()
		return nil
	}
	children["leave a child"] = func() error {
		fmt.Fprintln(os.Stderr, "last words")
		exe, err := os.Executable()
		if err != nil {
			return err
		}
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), childVariable+"=wait")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		return cmd.Start()
	}
}

func TestExit(t *testing.T) {
	for _, row := range []struct {
		child, arg string
		want       Exit
	}{
		{"exit", "0", Exit{}},
		{"exit", "1", Exit{Code: 1}},
		{"exit", "3", Exit{Code: 3}},
		{"exit", "255", Exit{Code: 255}},
		{"die", "9", Exit{Signal: 9}},
		{"die", "15", Exit{Signal: 15}},
		{"die", "2", Exit{Signal: 2}},
	} {
		t.Run(row.child+" "+row.arg, func(t *testing.T) {
			if got := exit(t, start(t, spec(t, row.child, row.arg))); got != row.want {
				t.Fatalf("Exit = %+v; want %+v", got, row.want)
			}
		})
	}
}

// here starts a child and waits until it runs.
func here(t *testing.T, s Spec) (p *Process, end func()) {
	t.Helper()
	r, w := pipe(t)
	stdin, hold := pipe(t)
	s.Stdout, s.Stdin = w, stdin
	p = start(t, s)
	if _, err := io.ReadFull(r, make([]byte, 5)); err != nil {
		t.Fatalf("child does not run: %v", err)
	}
	return p, func() { hold.Close() }
}

func TestSignal(t *testing.T) {
	p, _ := here(t, spec(t, "catch"))
	must(t, p.Signal(int(syscall.SIGUSR1)))
	if got := exit(t, p); got.Code != 7 {
		t.Fatalf("Exit = %+v; want code 7", got)
	}
}

func TestKillAndAfterTheEnd(t *testing.T) {
	p, _ := here(t, spec(t, "wait"))
	select {
	case <-p.Done():
		t.Fatalf("it has ended: %+v", p.Exit())
	default:
	}
	must(t, p.Kill())
	if got := exit(t, p); got.Signal != 9 {
		t.Fatalf("Exit = %+v; want signal 9", got)
	}
	for range 2 {
		if err := errors.Join(p.Kill(), p.Signal(15)); err != nil {
			t.Fatalf("Kill after the end = %v; want nothing done", err)
		}
		if got := exit(t, p); got.Signal != 9 {
			t.Fatalf("Exit = %+v; want the same as before", got)
		}
	}
}

func TestStderrIsKeptAndPassedOn(t *testing.T) {
	r, w := pipe(t)
	s := spec(t, "say much")
	s.CaptureStderr, s.Stderr = true, w
	var want bytes.Buffer
	for n := range 5000 {
		fmt.Fprintf(&want, "line %d\n", n)
	}
	passed := make([]byte, want.Len())
	read := make(chan error, 1)
	go func() {
		_, err := io.ReadFull(r, passed)
		read <- err
	}()
	got := exit(t, start(t, s))
	if err := <-read; err != nil || !bytes.Equal(passed, want.Bytes()) {
		t.Errorf("passed on were %.50q, %v; want what was said", passed, err)
	}
	lines := strings.Split(got.Output, "\n")
	if len(lines) != tailLines || lines[0] != "line 4980" || lines[19] != "line 4999" {
		t.Errorf("kept are %d lines: %q; want the last %d", len(lines), got.Output, tailLines)
	}
}

func TestOutput(t *testing.T) {
	long := strings.Repeat("x", 100)
	for _, row := range []struct{ name, said, want string }{
		{"nothing", "", ""},
		{"a line", "one\n", "one"},
		{"no newline", "one", "one"},
		{"empty lines at the end", "one\n\n\n", "one"},
		{"twenty-one lines", strings.Repeat("line\n", 20) + "last\n", strings.Repeat("line\n", 19) + "last"},
		{"a line is not cut in two", "first " + strings.Repeat("y", keptStderr-50) + "\n" + long + "\n", long},
		{"one endless line", strings.Repeat("z", keptStderr+500), strings.Repeat("z", keptStderr)},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := spec(t, "say", row.said)
			s.CaptureStderr = true
			got := exit(t, start(t, s))
			if got.Output != row.want {
				t.Fatalf("Output of %d bytes is %.200q (%d bytes); want %.200q (%d bytes)", len(row.said), got.Output, len(got.Output), row.want, len(row.want))
			}
		})
	}
}

func TestFirstWordsOfACrash(t *testing.T) {
	s := spec(t, "panic")
	s.CaptureStderr, s.CaptureCrash = true, true
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	must(t, err)
	defer null.Close()
	s.Stderr = null
	got := exit(t, start(t, s))
	if got.Code != 2 || !strings.HasPrefix(got.Output, "panic: ") || !strings.Contains(got.Output, "the first words") {
		t.Fatalf("Exit = code %d, signal %d, %.300q; want the head of a panic", got.Code, got.Signal, got.Output)
	}
	if len(got.Output) != keptCrash {
		t.Fatalf("%d bytes are kept of a long crash; want %d", len(got.Output), keptCrash)
	}
}

// The line that tells a fatal error stands before its words, however long these
// are.
func TestFirstWordsOfAFatalError(t *testing.T) {
	s := spec(t, "fatal error")
	s.CaptureStderr, s.CaptureCrash = true, true
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	must(t, err)
	defer null.Close()
	s.Stderr = null
	got := exit(t, start(t, s))
	if got.Code != 2 || !strings.HasPrefix(got.Output, "fatal error: sync: unlock of unlocked mutex\n") {
		t.Fatalf("Exit = code %d, signal %d, %.300q; want the line of the fatal error first", got.Code, got.Signal, got.Output)
	}
	if !strings.Contains(got.Output, "goroutine ") {
		t.Fatalf("%.300q: want the goroutines too", got.Output)
	}
}

func TestCrashCountsMoreThanTheLastLines(t *testing.T) {
	s := spec(t, "say", "only a line")
	s.CaptureStderr, s.CaptureCrash = true, true
	if got := exit(t, start(t, s)); got.Output != "only a line" {
		t.Fatalf("Output = %q; want the last lines where there was no crash", got.Output)
	}
}

// A daemon that the program leaves behind holds its standard error for ever.
func TestExitDoesNotWaitForTheChildsChild(t *testing.T) {
	stdin, hold := pipe(t)
	r, w := pipe(t)
	s := spec(t, "leave a child")
	s.Stdin, s.Stdout = stdin, w
	s.CaptureStderr, s.CaptureCrash = true, true
	began := time.Now()
	p := start(t, s)
	w.Close()
	got := exit(t, p)
	if got.Code != 0 || got.Output != "last words" {
		t.Fatalf("Exit = %+v; want the last words", got)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Fatalf("Exit took %v", took)
	}
	select {
	case <-p.stderr.done:
		t.Fatal("the pipe has ended: the child's child does not hold it")
	default:
	}
	hold.Close() // ends the child's child
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Fatal(err)
	}
	<-p.stderr.done
}
