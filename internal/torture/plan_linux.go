package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"
)

// A plan is what a release does, read from the end of its own file. So a release
// is a copy of this binary, and takes no compiler.
type plan struct {
	Version string
	Fault   fault
}

// A fault is what is wrong with a release.
type fault string

const (
	none             fault = ""
	exitsAtStart     fault = "exits at start"
	panicsInInit     fault = "panics in init"
	panicsAtStart    fault = "panics at start"
	hangsAtStart     fault = "hangs at start"
	neverAccepts     fault = "never accepts"
	unhealthy        fault = "unhealthy"
	unhealthyOnTrial fault = "unhealthy on trial"
	crashesOnTrial   fault = "crashes on trial"
	corrupt          fault = "corrupt" // no program at all; signed_linux.go has more
)

const planMark = "\n--overseer-torture-plan--"

// readPlan returns the plan of the running binary.
func readPlan() (p plan) {
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		return p
	}
	defer f.Close()
	tail := make([]byte, 1<<10)
	if info, err := f.Stat(); err == nil && info.Size() > int64(len(tail)) {
		f.Seek(-int64(len(tail)), io.SeekEnd)
	}
	n, _ := io.ReadFull(f, tail)
	if _, text, ok := strings.Cut(string(tail[:n]), planMark); ok {
		json.Unmarshal([]byte(text), &p)
	}
	return p
}

// A published release is one that the source has offered.
type published struct {
	plan
	bytes  []byte
	digest string
}

var ownBinary = sync.OnceValues(func() ([]byte, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// makeRelease returns the bytes of a release.
func makeRelease(p plan) (*published, error) {
	binary, err := ownBinary()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	whole := append(append(make([]byte, 0, len(binary)+1<<10), binary...), planMark+string(text)...)
	if p.Fault == corrupt {
		whole = append(whole[:len(whole)/3], planMark+string(text)...)
	}
	sum := sha256.Sum256(whole)
	return &published{plan: p, bytes: whole, digest: hex.EncodeToString(sum[:])}, nil
}

// writeBinary replaces a file that will be executed, by rename. Meanwhile nothing
// may fork: the child would hold the file open for writing until its own exec, and
// "text file busy" would be the answer to ours (golang/go#22315).
func writeBinary(path string, bytes []byte) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path+".new", bytes, 0o755); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
