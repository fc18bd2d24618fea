//go:build unix

package update

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// candidateVariable makes the test binary a candidate of some kind.
const candidateVariable = "UPDATE_TEST_CANDIDATE"

// init is as early as a program's own code runs.
func init() {
	switch os.Getenv(candidateVariable) {
	case "panics in init":
		panic("no configuration file")
	case "prints in init":
		line := bytes.Repeat([]byte("starting up\n"), 1000)
		for range 100 {
			os.Stdout.Write(line)
			os.Stderr.Write(line)
		}
	}
}

func TestMain(m *testing.M) {
	if task := os.Getenv(crashVariable); task != "" {
		if err := runCrashTask(task); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if name := os.Getenv(candidateVariable); name != "" {
		candidate(name)
	}
	os.Exit(m.Run())
}

// candidate is the main of a program. It does not return.
func candidate(name string) {
	switch name {
	case "refuses its configuration":
		handover.TakeQuestion().Answer(errors.New("Address: missing port"))
	case "hangs":
		fmt.Fprintln(os.Stderr, "waiting for the database")
		for {
			time.Sleep(time.Hour)
		}
	case "exits 1":
		fmt.Fprintln(os.Stderr, "no licence")
		os.Exit(1)
	case "exits 0":
	case "edition":
		runEdition()
	case "is stopped with the service":
		syscall.Kill(os.Getpid(), syscall.SIGTERM)
		select {}
	case "is killed":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "knows the old check only":
		fmt.Print("hello\n", os.Getenv(handover.OldCheckVariable))
	case "says it is for another machine":
		say(handover.Preflight{Min: 1, Max: 1, OS: "plan9", Arch: "mips"})
	case "speaks a newer protocol only":
		say(handover.Preflight{Min: 1000, Max: 1001, OS: runtime.GOOS, Arch: runtime.GOARCH})
	case "answers nonsense":
		say("nonsense")
	case "answers without end":
		f := os.NewFile(3, "preflight")
		for err := error(nil); err == nil; {
			_, err = f.Write(bytes.Repeat([]byte(" "), 4096))
		}
	case "leaves a child that holds everything":
		exe, err := os.Executable()
		if err != nil {
			panic(err)
		}
		cmd := exec.Command(exe)
		cmd.Env = append(slices.Clip(os.Environ()), candidateVariable+"=waits for its end")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		cmd.ExtraFiles = []*os.File{os.NewFile(3, "preflight"), os.NewFile(holdFD(), "hold")}
		if err := cmd.Start(); err != nil {
			panic(err)
		}
		say(handover.Preflight{Min: 1, Max: 1, OS: runtime.GOOS, Arch: runtime.GOARCH})
	case "waits for its end":
		io.Copy(io.Discard, os.NewFile(4, "hold"))
	case "tells what it was given":
		if os.Args[0] != "/srv/app" || os.Getenv(handover.Variable) != "" {
			os.Exit(3)
		}
		handover.TakeQuestion().Answer(nil)
	default:
		if asked, err := handover.TakeQuestion().Answer(nil); !asked || err != nil {
			fmt.Fprintln(os.Stderr, "answer preflight:", asked, err)
			os.Exit(1)
		}
	}
	os.Exit(0)
}

func say(answer any) { json.NewEncoder(os.NewFile(3, "preflight")).Encode(answer) }

// holdFD is a pipe of the test's that goes through to a candidate.
func holdFD() uintptr {
	n, err := strconv.Atoi(os.Getenv("UPDATE_TEST_HOLD"))
	if err != nil {
		panic(err)
	}
	return uintptr(n)
}

// staged brings bytes to where a candidate stands.
func staged(t *testing.T, r io.Reader) *store.Staged {
	t.Helper()
	target := filepath.Join(t.TempDir(), "app")
	must(t, os.WriteFile(target, []byte(installed), 0o755))
	s, err := store.Open(target, "")
	must(t, err)
	v, err := trust.Check(t.Context(), trust.Insecure(), release.Candidate{Body: r, Source: "test"})
	must(t, err)
	st, err := s.Stage(t.Context(), v, 0)
	must(t, err)
	t.Cleanup(func() { st.Discard() })
	return st
}

func executable(t *testing.T) *os.File {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	f, err := os.Open(exe)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func TestPreflight(t *testing.T) {
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	t.Setenv(handover.Variable, "7") // of the master's own, if it is another's worker
	st := staged(t, executable(t))
	for _, row := range []struct {
		name    string
		timeout time.Duration
		want    string // of the error; empty: it may run
		host    bool   // it counts as the host's fault
	}{
		{name: "answers"},
		{name: "tells what it was given"},
		{name: "prints in init"},
		{name: "hangs", timeout: 200 * time.Millisecond, want: "did not reach overseer.Run within 200ms"},
		{name: "exits 1", want: "exited with code 1 before it reached overseer.Run (is it built with overseer, and does main call Run?): no licence"},
		{name: "exits 0", want: "exited with code 0"},
		{name: "panics in init", want: "panic: no configuration file"},
		{name: "is killed", want: "signal 9"},
		{name: "is stopped with the service", want: "is the service being stopped?", host: true},
		{name: "knows the old check only", want: "older overseer library"},
		{name: "refuses its configuration", want: "Address: missing port"},
		{name: "says it is for another machine", want: "built for plan9/mips"},
		{name: "speaks a newer protocol only", want: "no common protocol"},
		{name: "answers nonsense", want: "exited with code 0"},
		{name: "answers without end", want: "before it reached overseer.Run"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Setenv(candidateVariable, row.name)
			timeout := 30 * time.Second
			if row.timeout > 0 {
				timeout = row.timeout
			}
			began := time.Now()
			err := Preflight("/srv/app", nil, timeout)(t.Context(), st)
			if row.want == "" {
				must(t, err)
			} else if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("Preflight = %v; want %q", err, row.want)
			}
			if errors.Is(err, ErrTemporary) != row.host {
				t.Fatalf("Preflight = %v, which counts as the host's fault: %v", err, !row.host)
			}
			if took := time.Since(began); took > 15*time.Second {
				t.Fatalf("Preflight took %v", took)
			}
		})
	}
}

// A child that the program starts before Run holds the pipes of the preflight;
// the answer counts all the same.
func TestPreflightOfAProgramThatLeavesAChild(t *testing.T) {
	r, w, err := os.Pipe()
	must(t, err)
	defer w.Close()
	fd, err := syscall.Dup(int(r.Fd())) // not close-on-exec, so it goes through
	must(t, err)
	r.Close()
	defer syscall.Close(fd)
	t.Setenv("UPDATE_TEST_HOLD", strconv.Itoa(fd))
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	t.Setenv(candidateVariable, "leaves a child that holds everything")
	st := staged(t, executable(t))
	must(t, Preflight("/srv/app", nil, 30*time.Second)(t.Context(), st))
}

func TestPreflightEndsWithItsContext(t *testing.T) {
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	t.Setenv(candidateVariable, "hangs")
	st := staged(t, executable(t))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := Preflight("/srv/app", nil, time.Hour)(ctx, st); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Preflight = %v; want the context's error", err)
	}
}

// Files that are no programs are told without running anything.
func TestPreflightOfOtherFiles(t *testing.T) {
	whole, err := io.ReadAll(executable(t))
	must(t, err)
	other := append([]byte(nil), whole...)
	const machine = 18 // offset of e_machine in the header of an ELF file
	binary.NativeEndian.PutUint16(other[machine:], 8)
	for _, row := range []struct {
		name    string
		content []byte
		linux   string // what is said there; the kernel's own word elsewhere
	}{
		{"a page", []byte("<html><title>404</title></html>"), "no program"},
		{"three bytes", []byte("\x7fEL"), "no program"},
		{"an archive", []byte("\x1f\x8b\x08 a gzip file"), "no program"},
		{"a script", []byte("#!/bin/sh\nexit 0\n"), "no program"},
		{"a header only", whole[:16], "cut short"},
		{"another machine", other, "another machine"},
		{"the first half", whole[:len(whole)/2], "cut short"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if runtime.GOOS != "linux" {
				t.Skip("skipped: programs of this system are not looked at")
			}
			err := Preflight("/srv/app", nil, 10*time.Second)(t.Context(), staged(t, bytes.NewReader(row.content)))
			if err == nil || !strings.Contains(err.Error(), row.linux) || errors.Is(err, ErrTemporary) {
				t.Fatalf("Preflight = %v; want %q", err, row.linux)
			}
		})
	}
}
