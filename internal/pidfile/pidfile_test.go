//go:build unix

package pidfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const childVariable = "PIDFILE_TEST_CHILD"

// The test binary may be another process that has a PID file: it says so, and
// waits for the end of its input. "again" executes itself once in between.
func TestMain(m *testing.M) {
	path := os.Getenv(childVariable)
	if path == "" {
		os.Exit(m.Run())
	}
	f, err := Open(path)
	if err == nil && os.Getenv("PIDFILE_TEST_AGAIN") != "" {
		os.Unsetenv("PIDFILE_TEST_AGAIN")
		err = syscall.Exec("/proc/self/exe", os.Args, os.Environ())
	}
	fmt.Println(err)
	io.Copy(io.Discard, os.Stdin)
	if err == nil {
		err = f.Close()
	}
	fmt.Println(err)
	os.Exit(0)
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// A child is another process that has taken a PID file, or tried to.
type child struct {
	cmd   *exec.Cmd
	input io.Closer
	says  *bufio.Scanner
}

func startChild(t *testing.T, path string, env ...string) child {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), childVariable+"="+path, "GORACE=atexit_sleep_ms=0"), env...)
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return child{cmd, in, bufio.NewScanner(out)}
}

func (c child) line() string {
	c.says.Scan()
	return c.says.Text()
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	must(t, err)
	return string(text)
}

// noTrace checks that nothing but the named files is in a directory.
func noTrace(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("in the directory are %q, want %q", got, want)
	}
}

func TestOpenAndClose(t *testing.T) {
	defer unix.Umask(unix.Umask(0o077))
	path := filepath.Join(t.TempDir(), "app.pid")
	for range 2 {
		f, err := Open(path)
		must(t, err)
		if got, want := content(t, path), strconv.Itoa(os.Getpid())+"\n"; got != want {
			t.Errorf("the file holds %q, want %q", got, want)
		}
		info, err := os.Stat(path)
		must(t, err)
		if info.Mode() != 0o644 {
			t.Errorf("mode %v, want 0644 whatever the umask", info.Mode())
		}
		noTrace(t, filepath.Dir(path), "app.pid")
		must(t, f.Close())
		noTrace(t, filepath.Dir(path))
	}
}

// TestHeld has another process with the same file, which is then killed.
func TestHeld(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.pid")
	c := startChild(t, path)
	if got := c.line(); got != "<nil>" {
		t.Fatalf("Open in the other process: %s", got)
	}
	_, err := Open(path)
	if !errors.Is(err, ErrHeld) || !strings.Contains(err.Error(), fmt.Sprintf("process %d: stop it first", c.cmd.Process.Pid)) {
		t.Errorf("Open = %v, want an error with the process %d", err, c.cmd.Process.Pid)
	}
	noTrace(t, filepath.Dir(path), "app.pid")
	must(t, c.cmd.Process.Kill())
	c.cmd.Wait()
	f, err := Open(path)
	must(t, err)
	must(t, f.Close())
}

// TestHeldByAnother has the file locked by a process that it does not name: who
// may read a file may lock it.
func TestHeldByAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.pid")
	must(t, os.WriteFile(path, []byte("99999999\n"), 0o644))
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	must(t, lock(f))
	if _, err := Open(path); !errors.Is(err, ErrHeld) || !strings.Contains(err.Error(), "but not process 99999999, which it names") {
		t.Errorf("Open = %v, want an error that says how to find the process", err)
	}
	noTrace(t, filepath.Dir(path), "app.pid")
}

// TestExec has a process that executes another image: it takes the same file
// again.
func TestExec(t *testing.T) {
	if _, err := os.Stat("/proc/self/exe"); err != nil {
		t.Skip("no /proc here")
	}
	path := filepath.Join(t.TempDir(), "app.pid")
	c := startChild(t, path, "PIDFILE_TEST_AGAIN=yes")
	if got := c.line(); got != "<nil>" {
		t.Fatalf("Open in the second image: %s", got)
	}
	if got, want := content(t, path), strconv.Itoa(c.cmd.Process.Pid)+"\n"; got != want {
		t.Errorf("the file holds %q, want %q", got, want)
	}
	if _, err := Open(path); !errors.Is(err, ErrHeld) {
		t.Errorf("Open = %v beside the second image, want %v", err, ErrHeld)
	}
	must(t, c.input.Close())
	if got := c.line(); got != "<nil>" {
		t.Errorf("Close in the second image: %s", got)
	}
	noTrace(t, filepath.Dir(path))
}

// TestLeftBehind goes through what may be there already.
func TestLeftBehind(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(path string) error
		want string // part of an error; empty: replaced
	}{
		{"a dead process's", file("99999999\n"), ""},
		{"a living process's, which has not locked it", file("1\n"), ""},
		{"without a line feed", file("99999999"), ""},
		{"empty", file(""), ""},
		{"text", file("127.0.0.1 localhost\n"), `holds no process ID but "127.0.0.1 localhost\n"`},
		{"a long text", file(strings.Repeat("1 ", 5000)), "holds no process ID but"},
		{"a number without end", file(strings.Repeat("1", 5000)), "holds no process ID but"},
		{"a directory", func(path string) error { return os.Mkdir(path, 0o755) }, "no regular file"},
		{"a pipe", func(path string) error { return syscall.Mkfifo(path, 0o644) }, "no regular file"},
		{"a link", func(path string) error { return os.Symlink("elsewhere", path) }, "symbolic links"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "app.pid")
			must(t, c.make(path))
			f, err := Open(path)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("Open = %v, want an error with %q", err, c.want)
				}
				noTrace(t, filepath.Dir(path), "app.pid")
				return
			}
			must(t, err)
			if got, want := content(t, path), strconv.Itoa(os.Getpid())+"\n"; got != want {
				t.Errorf("the file holds %q, want %q", got, want)
			}
			must(t, f.Close())
		})
	}
}

func file(text string) func(string) error {
	return func(path string) error { return os.WriteFile(path, []byte(text), 0o600) }
}

// TestCloseLeavesAnothers has the file replaced meanwhile.
func TestCloseLeavesAnothers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.pid")
	f, err := Open(path)
	must(t, err, os.Remove(path), os.WriteFile(path, []byte("7\n"), 0o600))
	must(t, f.Close())
	if got := content(t, path); got != "7\n" {
		t.Errorf("the other's file holds %q, want %q", got, "7\n")
	}
}

func TestNoDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none")
	_, err := Open(filepath.Join(dir, "app.pid"))
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), fmt.Sprintf("make the directory %q first", dir)) {
		t.Errorf("Open = %v, want an error that says what to do", err)
	}
}

// TestNeverEmpty reads the file while it comes and goes, and has two at a time
// after it: one has it, or none.
func TestNeverEmpty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.pid")
	rounds := 300
	if testing.Short() {
		rounds = 30
	}
	want := strconv.Itoa(os.Getpid()) + "\n"
	var held atomic.Int32
	var writers, reader sync.WaitGroup
	for range 2 {
		writers.Go(func() {
			for range rounds {
				f, err := Open(path)
				if errors.Is(err, ErrHeld) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := held.Add(1); n != 1 {
					t.Errorf("%d have the file at a time", n)
				}
				held.Add(-1)
				if err := f.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	reader.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if text, err := os.ReadFile(path); err == nil && string(text) != want {
				t.Errorf("a reader sees %q, want %q", text, want)
				return
			}
		}
	})
	writers.Wait()
	close(done)
	reader.Wait()
	noTrace(t, filepath.Dir(path))
}

// A file that somebody else has left holds a number, or is refused.
func FuzzRead(f *testing.F) {
	for _, text := range []string{"", "1\n", " 42 ", "-1", "0x1", "99999999999999999999", "1 2", strings.Repeat("1", 40), "\x00"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "pid")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		pid, err := read(file)
		if err == nil && pid < 0 {
			t.Fatalf("%q is read as process %d", text, pid)
		}
	})
}
