//go:build unix

package update

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/proc"
	"github.com/seed-3d078585/overseer/internal/store"
)

// keptOutput bounds what is read of a preflight's standard output.
const keptOutput = 64 << 10

// Preflight returns a check that runs a staged candidate, with the arguments and
// the environment that it will have, until it has reached Run and has said what
// it is. path is what it will be called by; timeout bounds the run.
func Preflight(path string, timeout time.Duration) func(context.Context, *store.Staged) error {
	return func(ctx context.Context, st *store.Staged) error {
		if err := lookAt(st.File(), st.Size()); err != nil {
			return err
		}
		run, err := startPreflight(path, st)
		if err != nil {
			if proc.Temporary(err) {
				err = fmt.Errorf("%w: %w", ErrTemporary, err)
			}
			return err
		}
		return run.verdict(ctx, timeout)
	}
}

// LookAt tells the commonest mistakes of a candidate that is executed and is of
// any language: a script names its interpreter, and the rest are programs of
// this machine.
func LookAt(st *store.Staged) error {
	var mark [2]byte
	if _, err := st.File().ReadAt(mark[:], 0); err == nil && string(mark[:]) == "#!" {
		return nil
	}
	return lookAt(st.File(), st.Size())
}

// A preflight is a candidate that runs to say what it is.
type preflight struct {
	process *proc.Process
	token   string
	answer  chan answer
	output  chan string
	pipes   []*os.File
}

type answer struct {
	is  handover.Preflight
	err error
}

func startPreflight(path string, st *store.Staged) (p *preflight, err error) {
	p = &preflight{token: rand.Text(), answer: make(chan answer, 1), output: make(chan string, 1)}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	answerPipe, answerEnd, err := os.Pipe()
	if err != nil {
		return p, fmt.Errorf("make pipe: %w", err)
	}
	defer answerEnd.Close()
	p.pipes = append(p.pipes, answerPipe)
	outputPipe, outputEnd, err := os.Pipe()
	if err != nil {
		return p, fmt.Errorf("make pipe: %w", err)
	}
	defer outputEnd.Close()
	p.pipes = append(p.pipes, outputPipe)
	p.process, err = proc.Start(proc.Spec{
		Binary:        st.File(),
		Path:          st.Path(),
		Args:          append([]string{path}, os.Args[1:]...),
		Env:           proc.Environ(os.Environ(), handover.Variable+"=", handover.PreflightVariable+"=", handover.OldCheckVariable+"="),
		Files:         []*os.File{answerEnd},
		Stdout:        outputEnd,
		CaptureStderr: true,
		OwnGroup:      true,
	}, func(proc.Extra) []string {
		return []string{handover.PreflightVariable + "=3", handover.OldCheckVariable + "=" + p.token}
	})
	if err != nil {
		return p, err
	}
	go func() {
		is, err := handover.ReadPreflight(answerPipe)
		if err != nil {
			answerPipe.Close() // one that writes without end gets an error, not our patience
		}
		p.answer <- answer{is, err}
	}()
	go func() {
		text, _ := io.ReadAll(io.LimitReader(outputPipe, keptOutput)) // what came counts
		io.Copy(io.Discard, outputPipe)
		p.output <- string(text)
	}()
	return p, nil
}

// close ends the reading; a child that the program left behind may hold the
// other ends.
func (p *preflight) close() {
	for _, f := range p.pipes {
		f.Close()
	}
}

func (p *preflight) verdict(ctx context.Context, timeout time.Duration) error {
	defer p.close()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	late := false
	select {
	case <-p.process.Done():
	case <-timer.C:
		late = true
	case <-ctx.Done():
	}
	p.process.Kill()
	exit := p.process.Exit()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case late:
		return fmt.Errorf("the program did not reach overseer.Run within %v%s", timeout, quote(exit.Output))
	}
	for _, f := range p.pipes {
		f.SetReadDeadline(time.Now().Add(time.Second)) // what was written is there; no more will come
	}
	a, output := <-p.answer, <-p.output
	switch {
	case a.err == nil:
		return fits(a.is)
	case strings.HasSuffix(output, p.token):
		return errors.New("the program was built with an older overseer library that does not speak this protocol: build it with this one")
	case exit.Signal != 0:
		return fmt.Errorf("the program was ended by signal %d before it reached overseer.Run%s", exit.Signal, quote(exit.Output))
	default:
		return fmt.Errorf("the program exited with code %d before it reached overseer.Run (is it built with overseer, and does main call Run?)%s", exit.Code, quote(exit.Output))
	}
}

func quote(output string) string {
	if output == "" {
		return ""
	}
	return ": " + output
}

// fits compares what a candidate says of itself with what is needed here.
func fits(is handover.Preflight) error {
	if is.OS != runtime.GOOS || is.Arch != runtime.GOARCH {
		return fmt.Errorf("the program is built for %s/%s, this host needs %s/%s", is.OS, is.Arch, runtime.GOOS, runtime.GOARCH)
	}
	if is.Error != "" {
		return fmt.Errorf("the program refuses its own configuration: %s", is.Error)
	}
	_, err := handover.Agree(handover.Hello{Min: is.Min, Max: is.Max})
	return err
}
