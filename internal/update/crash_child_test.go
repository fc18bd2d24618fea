//go:build unix

package update

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/internal/durable/durabletest"
	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/store"
)

// crashVariable makes the test binary a master that upgrades; its value is a
// crashTask.
const crashVariable = "UPDATE_TEST_CRASH"

// A crashTask is what a child does: it recovers, and takes a release all the way.
type crashTask struct {
	Dir, Shelf string
	Shape      string
	Number     int // of the release; 0: it only recovers
	Kill       int // the step before which the child ends by SIGKILL; 0: none
}

// A crashReport is what it writes to its standard output at the end.
type crashReport struct {
	Interrupted []store.Interrupted
	Warnings    []string
	Leftovers   []string // after the recovery
	Recovery    int      // steps of the recovery
	Steps       []string // all
	Trouble     []string
}

func runCrashTask(text string) error {
	var task crashTask
	if err := json.Unmarshal([]byte(text), &task); err != nil {
		return err
	}
	h, err := openHost(task.Dir, task.Shelf, shapes[task.Shape])
	if err != nil {
		return err
	}
	// What it starts is an edition, and no master.
	if err := errors.Join(os.Unsetenv(crashVariable), os.Setenv(candidateVariable, "edition")); err != nil {
		return err
	}
	trace := &durabletest.Trace{Dir: h.root(), Fault: durabletest.Kill(task.Kill)}
	l, err := newLife(h, trace.Disk())
	if err != nil {
		return err
	}
	if task.Shape == "binary" {
		l.preflight = Preflight(h.target(), nil, 30*time.Second)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	report, err := l.report(ctx, trace, task.Number)
	return errors.Join(err, json.NewEncoder(os.Stdout).Encode(report))
}

func (l *life) report(ctx context.Context, trace *durabletest.Trace, number int) (r crashReport, err error) {
	recovery, err := l.store.Recover(ctx)
	r.Interrupted, r.Recovery = recovery.Interrupted, len(trace.Steps())
	for _, w := range recovery.Warnings {
		r.Warnings = append(r.Warnings, w.Error())
	}
	if err != nil {
		return r, err
	}
	if r.Leftovers, err = l.leftovers(); err != nil {
		return r, err
	}
	l.trouble = func(err error) { r.Trouble = append(r.Trouble, err.Error()) }
	if number != 0 {
		err = l.upgrade(ctx, number)
	}
	r.Steps = trace.Steps()
	return r, err
}

// runEdition is the program of a candidate that is a copy of the test binary. It
// does not return.
func runEdition() {
	asked, err := handover.TakeQuestion().Answer(nil)
	if !asked {
		err = printTrailer()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(0)
}

// A trailer makes an edition of a copy: it is what the copy prints, and how it
// ends.
const trailerSize = 64

func trailer(number int) []byte {
	code := 0
	if number == last {
		code = 1
	}
	return fmt.Appendf(nil, "%-*s", trailerSize, fmt.Sprintf("%d %s", code, says(number)))
}

func printTrailer() error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	f, err := os.Open(exe)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Seek(-trailerSize, io.SeekEnd); err != nil {
		return err
	}
	var code, number int
	if _, err := fmt.Fscanf(f, "%d edition %d\n", &code, &number); err != nil {
		return err
	}
	fmt.Print(says(number))
	if code != 0 {
		os.Exit(code)
	}
	return nil
}

// copied writes an edition that is a copy of the test binary. Each has a length
// of its own.
func copied(number int, path string) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	data, err := os.ReadFile(exe)
	if err != nil {
		return err
	}
	data = append(stripped(data), make([]byte, number)...)
	return os.WriteFile(path, append(data, trailer(number)...), 0o755)
}

// stripped is a program without what only debuggers read, a third of it, where
// the file is of a kind that is easily cut: it is written and hashed some
// hundred times.
func stripped(data []byte) []byte {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil || f.Class != elf.ELFCLASS64 {
		return data
	}
	var end uint64
	for _, p := range f.Progs {
		end = max(end, p.Off+p.Filesz)
	}
	const shoff, shnum = 0x28, 0x3c // of the header, Elf64_Ehdr
	clear(data[shoff : shoff+8])
	clear(data[shnum : shnum+4]) // and e_shstrndx
	return data[:end]
}

// crash runs a child; killed says that it ended by its task's SIGKILL.
func crash(t *testing.T, task crashTask) (r crashReport, killed bool) {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	text, err := json.Marshal(task)
	must(t, err)
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), crashVariable+"="+string(text), "GORACE=atexit_sleep_ms=0")
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && task.Kill != 0 {
		status, ok := exit.Sys().(syscall.WaitStatus)
		if ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
			return r, true
		}
	}
	if err != nil {
		t.Fatalf("%+v: %v\n%s", task, err, out)
	}
	must(t, json.Unmarshal(out, &r))
	return r, false
}

func (h host) task(number, kill int) crashTask {
	return crashTask{Dir: h.dir, Shelf: h.shelf, Shape: h.shape.name(), Number: number, Kill: kill}
}

// copyTo makes the same host elsewhere, of the same files where nobody writes to
// them.
func (h host) copyTo(t *testing.T, dir string) host {
	t.Helper()
	to := host{dir: dir, shelf: h.shelf, editions: h.editions, shape: h.shape}
	must(t, filepath.WalkDir(h.root(), func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(h.root(), path)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		next := filepath.Join(to.root(), name)
		switch {
		case e.IsDir():
			return os.Mkdir(next, info.Mode().Perm())
		case info.Size() > small, strings.HasPrefix(name, "releases/"):
			return os.Link(path, next)
		case e.Type() == os.ModeSymlink:
			to, err := os.Readlink(path)
			return errors.Join(err, os.Symlink(to, next))
		}
		data, err := os.ReadFile(path)
		data = bytes.ReplaceAll(data, []byte(h.root()), []byte(to.root())) // records have whole paths
		return errors.Join(err, os.WriteFile(next, data, info.Mode().Perm()))
	}))
	return to
}
