//go:build unix

package proc

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func init() {
	children["tell"] = tell
}

// self is what a child says of itself.
type self struct {
	Args  []string
	Dir   string
	Given string // of the environment
	Group bool   // leads a process group
	Open  map[int]string
}

// tell writes to descriptor 1 what the child was started with.
func tell() error {
	s := self{Args: os.Args, Given: os.Getenv("GIVEN"), Group: unix.Getpgrp() == os.Getpid(), Open: map[int]string{}}
	s.Dir, _ = os.Getwd()
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		fd, _ := strconv.Atoi(e.Name())
		target, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err != nil || strings.HasPrefix(target, "anon_inode:") || strings.HasSuffix(target, "/fd") {
			continue // the listing's own, the runtime's own
		}
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC != 0 {
			continue // opened by the child itself
		}
		s.Open[fd] = target
	}
	return json.NewEncoder(os.Stdout).Encode(s)
}

func told(t *testing.T, s Spec, env func(Extra) []string) self {
	t.Helper()
	r, w := pipe(t)
	s.Stdout = w
	if env == nil {
		env = func(Extra) []string { return nil }
	}
	p, err := Start(s, env)
	must(t, err)
	w.Close()
	text, err := io.ReadAll(r)
	must(t, err)
	if e := exit(t, p); e.Code != 0 || e.Signal != 0 {
		t.Fatalf("child ended with %+v", e)
	}
	var got self
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v: %q", err, text)
	}
	return got
}

func TestStart(t *testing.T) {
	file, err := os.Open(t.TempDir())
	must(t, err)
	defer file.Close()
	other, err := os.Open(os.DevNull) // not to be inherited
	must(t, err)
	defer other.Close()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)

	s := spec(t, "tell", "-flag", "a b")
	s.Dir = dir
	s.Files = []*os.File{file, file}
	s.CaptureStderr, s.CaptureCrash, s.OwnGroup = true, true, true
	s.Stderr = os.Stderr
	var extra Extra
	got := told(t, s, func(x Extra) []string { extra = x; return []string{"GIVEN=it"} })

	if want := []string{"child", "-flag", "a b"}; !slices.Equal(got.Args, want) {
		t.Errorf("arguments are %q; want %q", got.Args, want)
	}
	if got.Dir != dir || got.Given != "it" || !got.Group {
		t.Errorf("child is %+v; want directory %q, the given variable, a group of its own", got, dir)
	}
	if want := (Extra{Stderr: 5, Crash: 6}); extra != want {
		t.Errorf("env was told %+v; want %+v", extra, want)
	}
	if runtime.GOOS != "linux" {
		return // no list of descriptors
	}
	name := file.Name()
	stderr, err := os.Readlink("/proc/self/fd/2")
	must(t, err)
	for fd := range passing(t) {
		if fd > 6 {
			delete(got.Open, fd)
		}
	}
	for fd := range 7 {
		got.Open[fd] = strings.TrimRight(got.Open[fd], "0123456789:[]")
	}
	want := map[int]string{0: os.DevNull, 1: "pipe", 2: "pipe", 3: name, 4: name, 5: strings.TrimRight(stderr, "0123456789:[]"), 6: "pipe"}
	for fd, target := range want {
		want[fd] = strings.TrimRight(target, "0123456789:[]")
	}
	if !reflect.DeepEqual(got.Open, want) {
		t.Errorf("child has the descriptors %v; want %v", got.Open, want)
	}
}

func TestStartWithoutCapture(t *testing.T) {
	var extra Extra
	got := told(t, spec(t, "tell"), func(x Extra) []string { extra = x; return nil })
	if extra != (Extra{}) || got.Group {
		t.Errorf("env was told %+v, own group %v; want nothing of it", extra, got.Group)
	}
	for fd := range passing(t) {
		if fd > 2 {
			delete(got.Open, fd)
		}
	}
	if len(got.Open) > 3 {
		t.Errorf("child has the descriptors %v; want the standard ones", got.Open)
	}
}

// The bytes that were looked at run, whatever stands at the path by now.
func TestTheOpenedBytesRun(t *testing.T) {
	if !ByDescriptor {
		t.Skip("skipped: this system starts by path only")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "app")
	exe, err := os.Executable()
	must(t, err)
	if err := os.Link(exe, path); err != nil {
		copyFile(t, exe, path)
	}
	for _, row := range []struct {
		name    string
		replace func() error
	}{
		{"replaced", func() error {
			other := filepath.Join(dir, "other")
			return errors.Join(os.WriteFile(other, []byte("#!/bin/false\n"), 0o755), os.Rename(other, path))
		}},
		{"removed", func() error { return os.Remove(path) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := spec(t, "tell")
			f, err := os.Open(path)
			if row.name == "removed" {
				f, err = os.Open(exe)
			}
			must(t, err)
			defer f.Close()
			s.Binary, s.Path = f, path
			must(t, row.replace())
			if got := told(t, s, nil); got.Args[0] != "child" {
				t.Fatalf("child is %+v", got)
			}
		})
	}
}

// The fork puts the child's descriptors aside just above the highest of them.
// The binary must not stand there: it would be replaced, and the exec fail.
func TestTheBinaryStaysClearOfTheFork(t *testing.T) {
	s := spec(t, "tell")
	for high := 60; high < 210; high++ {
		for _, capture := range []bool{false, true} {
			r, w := pipe(t)
			fd, err := unix.FcntlInt(w.Fd(), unix.F_DUPFD_CLOEXEC, high)
			must(t, err)
			s.Stdin = os.NewFile(uintptr(fd), "high")
			s.CaptureStderr, s.CaptureCrash = capture, capture
			if high%10 != 0 && high != 128 && high != 129 {
				// Looking is enough for most: the number is what matters.
				n, err := dupHigh(s.Binary, []*os.File{s.Stdin, s.Stdin, s.Stdin})
				must(t, err)
				unix.Close(n)
				if n < fd+5 {
					t.Fatalf("with a descriptor %d the binary stands at %d", fd, n)
				}
			} else {
				told(t, s, nil)
			}
			s.Stdin.Close()
			r.Close()
			w.Close()
		}
	}
}

func TestDupHighWithManyFiles(t *testing.T) {
	f, err := os.Open(os.DevNull)
	must(t, err)
	defer f.Close()
	files := slices.Repeat([]*os.File{f}, 300)
	n, err := dupHigh(f, files)
	must(t, err)
	defer unix.Close(n)
	// syscall.forkAndExecInChild: at most one number for each file and two more,
	// from the greater of their count and their highest on.
	if n < 2*len(files)+2 {
		t.Fatalf("with %d files the binary stands at %d", len(files), n)
	}
	if flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Fatalf("descriptor flags are %#x, %v; want close-on-exec", flags, err)
	}
}

func TestStartLeavesNothingOpen(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: no list of descriptors here")
	}
	s := spec(t, "tell")
	s.CaptureStderr, s.CaptureCrash = true, true
	broken := s
	broken.Binary, broken.Path = nil, "/does/not/exist"
	before := openFiles(t)
	for range 5 {
		told(t, s, nil)
		if _, err := Start(broken, func(Extra) []string { return nil }); err == nil {
			t.Fatal("a missing program starts")
		}
	}
	// The pipes of told end with the test.
	deadline := time.Now().Add(10 * time.Second)
	for openFiles(t) > before+5 {
		if time.Now().After(deadline) {
			t.Fatalf("%d descriptors are open, there were %d", openFiles(t), before)
		}
		time.Sleep(time.Millisecond)
	}
}

// passing lists the descriptors that this process was started with and that any
// program which it starts has too.
func passing(t *testing.T) map[int]bool {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	fds := map[int]bool{}
	for _, e := range entries {
		fd, _ := strconv.Atoi(e.Name())
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			fds[fd] = true
		}
	}
	return fds
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(entries)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	bytes, err := os.ReadFile(from)
	must(t, err)
	syscall.ForkLock.RLock() // or a child of another test holds it open for writing
	defer syscall.ForkLock.RUnlock()
	must(t, os.WriteFile(to, bytes, 0o755))
}

func TestStartErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(content), mode))
		return path
	}
	for _, row := range []struct {
		name, path string
		is         error
		hint       string
	}{
		{"missing", filepath.Join(dir, "none"), syscall.ENOENT, "missing"},
		{"not executable", write("plain", "#!/bin/sh\n", 0o644), syscall.EACCES, "not executable"},
		{"not a program", write("page", "<html>no such release</html>", 0o755), syscall.ENOEXEC, "no program for this machine"},
		{"empty", write("empty", "", 0o755), syscall.ENOEXEC, "no program"},
		{"no interpreter", write("script", "#!/does/not/exist\n", 0o755), syscall.ENOENT, "loader"},
		{"a directory", dir, syscall.EACCES, "not executable"},
	} {
		for _, open := range []bool{false, true} {
			name := row.name + " by path"
			if open {
				name = row.name + " by descriptor"
			}
			t.Run(name, func(t *testing.T) {
				s := Spec{Path: row.path, Args: []string{"app"}, CaptureStderr: true, CaptureCrash: true}
				if open {
					f, err := os.Open(row.path)
					if err != nil {
						t.Skip("skipped: it cannot be opened")
					}
					defer f.Close()
					s.Binary = f
				}
				p, err := Start(s, func(Extra) []string { return nil })
				if err == nil {
					t.Fatalf("started as %d, ended with %+v", p.PID, exit(t, p))
				}
				text := err.Error()
				if !errors.Is(err, row.is) || !strings.Contains(text, strconv.Quote(row.path)) || !strings.Contains(text, row.hint) {
					t.Fatalf("Start = %v; want %v, the path and %q", err, row.is, row.hint)
				}
				if strings.Contains(text, "/proc/self/fd") {
					t.Fatalf("Start = %v; a descriptor says nothing to an operator", err)
				}
				if Temporary(err) {
					t.Fatalf("%v counts as temporary", err)
				}
			})
		}
	}
}

func TestTextFileBusyIsTriedAgain(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: another system may run a file that is written")
	}
	path := filepath.Join(t.TempDir(), "app")
	exe, err := os.Executable()
	must(t, err)
	copyFile(t, exe, path)
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	writer, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	timer := time.AfterFunc(30*time.Millisecond, func() { writer.Close() })
	defer timer.Stop()
	s := spec(t, "tell")
	s.Binary, s.Path = f, path
	told(t, s, nil)
}

func TestTextFileBusyForEver(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: another system may run a file that is written")
	}
	path := filepath.Join(t.TempDir(), "app")
	exe, err := os.Executable()
	must(t, err)
	copyFile(t, exe, path)
	writer, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	defer writer.Close()
	_, err = Start(Spec{Path: path, Args: []string{"app"}}, func(Extra) []string { return nil })
	if !errors.Is(err, syscall.ETXTBSY) || !Temporary(err) {
		t.Fatalf("Start = %v; want text file busy, temporary", err)
	}
}

func TestTemporary(t *testing.T) {
	for _, row := range []struct {
		err  error
		want bool
	}{
		{syscall.ENOMEM, true},
		{syscall.EAGAIN, true},
		{syscall.EMFILE, true},
		{syscall.ENFILE, true},
		{syscall.ETXTBSY, true},
		{syscall.ENOSPC, true},
		{syscall.ENOEXEC, false},
		{syscall.EACCES, false},
		{syscall.ENOENT, false},
		{errors.New("another"), false},
		{nil, false},
	} {
		err := row.err
		if err != nil {
			err = fmt.Errorf("start: %w", &os.PathError{Op: "fork/exec", Path: "app", Err: err})
		}
		if got := Temporary(err); got != row.want {
			t.Errorf("Temporary(%v) = %v; want %v", err, got, row.want)
		}
	}
}

func TestEnviron(t *testing.T) {
	got := Environ([]string{"A=1", "OVERSEER_CONTROL=3", "OVERSEER_CONTROLLER=x", "B=OVERSEER_CONTROL=", "A=2"}, "OVERSEER_CONTROL=", "C=")
	if want := []string{"A=1", "OVERSEER_CONTROLLER=x", "B=OVERSEER_CONTROL=", "A=2"}; !slices.Equal(got, want) {
		t.Fatalf("Environ = %q; want %q", got, want)
	}
}
