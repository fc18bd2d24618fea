package handover

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

const (
	// PreflightVariable makes a process answer what it is and exit. Its value
	// is the number of the descriptor that takes the answer, so it does not
	// matter what the program prints.
	PreflightVariable = "OVERSEER_PREFLIGHT"

	// OldCheckVariable is the check of masters of the older protocol: the
	// process echoes its value to standard output and exits.
	OldCheckVariable = "OVERSEER_BIN_CHECK"

	// maxPreflight bounds the answer, in bytes, and maxConfigError what is said
	// in it of the configuration.
	maxPreflight   = 64 << 10
	maxConfigError = 4 << 10
)

// Preflight is what a program says about itself before it is tried.
type Preflight struct {
	Min    int    `json:"min"` // protocol versions
	Max    int    `json:"max"`
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	Go     string `json:"go"`
	Module string `json:"module"`          // path and version of the main module
	Error  string `json:"error,omitempty"` // what is wrong with its configuration

	// Successor says that it has read the state of a master and could go on
	// from there.
	Successor bool `json:"successor,omitempty"`
}

// A Question is what a master asks of this process instead of having it run its
// program. The zero Question asks nothing.
type Question struct {
	// Token is what a master of the older protocol compares the whole standard
	// output with, or empty.
	Token string

	// Successor is set where the question is also whether this process can take
	// the place of a running master, whose state is there to be read.
	Successor bool

	preflight bool
	answer    *os.File // nil: the variable made no sense
	value     string
}

// TakeQuestion takes what the environment of this process says of a question,
// and removes the variables, so that nothing the program starts has them, takes
// itself for asked, or holds the descriptor of the answer.
func TakeQuestion() Question {
	q := Question{Token: os.Getenv(OldCheckVariable)}
	os.Unsetenv(OldCheckVariable)
	q.value, q.preflight = os.LookupEnv(PreflightVariable)
	if !q.preflight {
		return q
	}
	os.Unsetenv(PreflightVariable)
	_, q.Successor = os.LookupEnv(StateVariable)
	if fd, err := strconv.Atoi(q.value); err == nil && fd >= 3 && closeOnExec(fd) == nil {
		q.answer = os.NewFile(uintptr(fd), "preflight")
	}
	return q
}

// Answer answers a preflight, if this process is one. config is what is wrong
// with the program's configuration, or with the state of the master before, or
// nil. The caller then exits with code 0.
func (q Question) Answer(config error) (asked bool, err error) {
	if !q.preflight {
		return false, nil
	}
	if q.answer == nil {
		return true, fmt.Errorf("answer preflight: %s is %q, want an open descriptor", PreflightVariable, q.value)
	}
	defer q.answer.Close()
	answer := Preflight{Min: MinVersion, Max: MaxVersion, OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(), Successor: q.Successor}
	if info, ok := debug.ReadBuildInfo(); ok {
		answer.Module = info.Main.Path + "@" + info.Main.Version
	}
	if config != nil {
		answer.Error = config.Error()
		answer.Error = strings.ToValidUTF8(answer.Error[:min(len(answer.Error), maxConfigError)], "")
	}
	if err := json.NewEncoder(q.answer).Encode(answer); err != nil {
		return true, fmt.Errorf("answer preflight: %w", err)
	}
	return true, nil
}

// ReadPreflight reads an answer. It does not wait for the end of r: a child that
// the program has started may hold it open. An empty r is [io.EOF].
func ReadPreflight(r io.Reader) (Preflight, error) {
	limited := &io.LimitedReader{R: r, N: maxPreflight}
	var p Preflight
	err := json.NewDecoder(limited).Decode(&p)
	if err != nil && limited.N == 0 {
		return Preflight{}, fmt.Errorf("read preflight: more than %d bytes", maxPreflight)
	}
	if err != nil {
		return Preflight{}, fmt.Errorf("read preflight: %w", err)
	}
	return p, nil
}

// Agree returns the highest protocol version that this package and the other
// side speak.
func Agree(h Hello) (int, error) {
	version := min(h.Max, MaxVersion)
	if version < max(h.Min, MinVersion) {
		return 0, fmt.Errorf("no common protocol: this master speaks versions %d to %d, the program %d to %d", MinVersion, MaxVersion, h.Min, h.Max)
	}
	return version, nil
}
