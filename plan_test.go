//go:build unix

package overseer_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A plan is what a release does, read from the end of its own file.
type plan struct {
	Version  string
	Fault    string        // what goes wrong, see the programs
	After    time.Duration // when it goes wrong
	ExitCode int

	Addresses []string // instead of TEST_ADDRESSES
}

const planMark = "\n--overseer-test-plan--"

// readPlan returns the plan of the running binary; the test binary itself has
// version 1 and no fault.
func readPlan() plan {
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		return plan{Version: "1"}
	}
	defer f.Close()
	tail := make([]byte, 4<<10)
	if info, err := f.Stat(); err == nil && info.Size() > int64(len(tail)) {
		f.Seek(-int64(len(tail)), io.SeekEnd)
	}
	n, _ := io.ReadFull(f, tail)
	_, text, ok := strings.Cut(string(tail[:n]), planMark)
	p := plan{Version: "1"}
	if ok {
		json.Unmarshal([]byte(text), &p)
	}
	return p
}

// early is what a faulty release does before its main, as a package's init would.
func early(p plan) {
	switch p.Fault {
	case "panic in init":
		panic("init of version " + p.Version)
	case "knows the old check only":
		fmt.Print(startEnv("OVERSEER_BIN_CHECK"))
		os.Exit(0)
	case "root in init":
		if uid := os.Getuid(); uid != 0 {
			panic(fmt.Sprintf("init runs as user %d", uid))
		}
	case "hang in init":
		time.Sleep(time.Hour)
	case "refuses to succeed":
		if startEnv("OVERSEER_STATE") != "" && startEnv("OVERSEER_PREFLIGHT") != "" {
			panic("version " + p.Version + " takes no master over")
		}
	case "dies as a successor":
		if startEnv("OVERSEER_STATE") != "" && startEnv("OVERSEER_PREFLIGHT") == "" {
			fmt.Fprintln(os.Stderr, "the successor dies")
			os.Exit(p.ExitCode)
		}
	case "prints in init":
		fmt.Println("a line that init prints to standard output")
	}
}

// startEnv returns a variable as this process was started with, also where
// overseer has taken it out of the environment since.
func startEnv(name string) string {
	environ, _ := os.ReadFile("/proc/self/environ") // not there: not set
	for v := range strings.SplitSeq(string(environ), "\x00") {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// writeRelease writes a binary with a plan.
func writeRelease(t *testing.T, path string, p plan) {
	t.Helper()
	writeBinary(t, path, releaseBytes(t, p))
}

// writeBinary writes what will be executed. Meanwhile nothing may fork: the
// child would hold the file open for writing until its own exec, and "text file
// busy" would be the answer to ours (golang/go#22315).
func writeBinary(t *testing.T, path string, bytes []byte) {
	t.Helper()
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, bytes, 0o755); err != nil {
		t.Fatal(err)
	}
}

// publish replaces the file that a service fetches, by rename.
func publish(t *testing.T, path string, p plan) {
	t.Helper()
	writeRelease(t, path+".new", p)
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

var testBinary = sync.OnceValues(func() ([]byte, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func releaseBytes(t *testing.T, p plan) []byte {
	t.Helper()
	binary, err := testBinary()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return append(append([]byte(nil), binary...), planMark+string(text)...)
}
