package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// A process whose clock jumps is built with another time.Now: Go's own plus a skew
// that lies in a file, which all processes of the service have mapped. So the wall
// clock jumps under a real program and all that it is made of, and the monotonic one,
// by which timers go, does not; nor does the clock of this host.

// jumpsTag is the build tag of jumping_linux.go, which knows the other time package.
const jumpsTag = "torture_jumps"

// clockVariable names the file of the skew, in seconds.
const clockVariable = "TORTURE_CLOCK"

// withJumps builds this command with the other time.Now, runs that, and returns its exit code.
func withJumps(args []string) (code int, err error) {
	dir, err := os.MkdirTemp("", "torture-jumps")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	built, err := buildWithJumps(dir)
	if err != nil {
		return 1, err
	}
	return runInstead(built, args, jumpsVariable, &syscall.SysProcAttr{})
}

// jumpsVariable is set in a process that was built so.
const jumpsVariable = "TORTURE_JUMPS"

func buildWithJumps(dir string) (string, error) {
	original, text, err := timeSource()
	if err != nil {
		return "", err
	}
	changed, err := skewed(text)
	if err != nil {
		return "", fmt.Errorf("%s: %w", original, err)
	}
	replacement, built := filepath.Join(dir, "time.go"), filepath.Join(dir, "torture")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {original: replacement}})
	if err != nil {
		return "", err
	}
	list := filepath.Join(dir, "overlay.json")
	if err := errors.Join(os.WriteFile(replacement, changed, 0o644), os.WriteFile(list, overlay, 0o644)); err != nil {
		return "", err
	}
	c := exec.Command("go", "build", "-overlay", list, "-tags", jumpsTag, "-o", built, "./internal/torture")
	c.Stdout, c.Stderr = os.Stderr, os.Stderr
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("build this command, in the module's directory, with a clock that jumps: %w", err)
	}
	return built, nil
}

// timeSource is the file of package time that is changed.
func timeSource() (path string, text []byte, err error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", nil, fmt.Errorf("find the sources of Go, of which jumps of the clock are made: %w", err)
	}
	path = filepath.Join(string(bytes.TrimSpace(root)), "src", "time", "time.go")
	text, err = os.ReadFile(path)
	return path, text, err
}

// skewed changes package time's own file.
func skewed(text []byte) ([]byte, error) {
	const now = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"
	before, after, ok := bytes.Cut(text, []byte(now))
	if !ok {
		return nil, errors.New("time.Now is another one than the one this is made for")
	}
	return bytes.Join([][]byte{before, []byte(now + "\tif Skew != nil {\n\t\tsec += *Skew\n\t}\n"), after,
		[]byte("\n// Skew is what the wall clock is said to go ahead, in seconds.\nvar Skew *int64\n")}, nil), nil
}
