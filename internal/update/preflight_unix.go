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
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/proc"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/internal/systemd"
)

// keptOutput bounds what is read of a preflight's standard output.
const keptOutput = 64 << 10

// Preflight returns a check that runs a staged candidate, with the arguments and
// the environment that it will have, until it has reached Run and has said what
// it is. path is what it will be called by; as is the user that it will run as,
// nil for that of this process; timeout bounds the run.
func Preflight(path string, as *proc.Credential, timeout time.Duration) func(context.Context, *store.Staged) error {
	return func(ctx context.Context, st *store.Staged) error {
		if err := lookAt(st.File(), st.Size()); err != nil {
			return err
		}
		run, err := startPreflight(path, st.Path(), as, st.File(), nil)
		if err != nil {
			if proc.Temporary(err) {
				err = fmt.Errorf("%w: %w", ErrTemporary, err)
			}
			return err
		}
		_, err = run.verdict(ctx, timeout)
		return err
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

// startPreflight runs a binary that lies at one path and is called by another
// one. state, if any, is that of a master that it is to take over.
func startPreflight(name, path string, as *proc.Credential, binary, state *os.File) (p *preflight, err error) {
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
	files, variables := []*os.File{answerEnd}, []string{handover.PreflightVariable + "=3", handover.OldCheckVariable + "=" + p.token}
	if state != nil {
		files, variables = append(files, state), append(variables, handover.StateVariable+"=4")
	}
	p.process, err = proc.Start(proc.Spec{
		Binary:        binary,
		Path:          path,
		Args:          append([]string{name}, os.Args[1:]...),
		Env:           systemd.Without(proc.Environ(os.Environ(), handover.Variables()...)),
		Files:         files,
		Stdout:        outputEnd,
		CaptureStderr: true,
		OwnGroup:      true,
		Credential:    as,
	}, func(proc.Extra) []string { return variables })
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

func (p *preflight) verdict(ctx context.Context, timeout time.Duration) (handover.Preflight, error) {
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
		return handover.Preflight{}, ctx.Err()
	case late:
		return handover.Preflight{}, fmt.Errorf("the program did not reach overseer.Run within %v%s", timeout, quote(exit.Output))
	}
	for _, f := range p.pipes {
		f.SetReadDeadline(time.Now().Add(time.Second)) // what was written is there; no more will come
	}
	a, output := <-p.answer, <-p.output
	if a.err == nil {
		return a.is, fits(a.is)
	}
	return handover.Preflight{}, noAnswer(exit, strings.HasSuffix(output, p.token))
}

// noAnswer explains why a program did not say what it is. older says that it has
// answered as one of the older library does.
func noAnswer(exit proc.Exit, older bool) error {
	switch {
	case older:
		return errors.New("the program was built with an older overseer library that does not speak this protocol: build it with this one")
	case outside[syscall.Signal(exit.Signal)]:
		return fmt.Errorf("%w: the program was ended by signal %d before it reached overseer.Run: is the service being stopped?", ErrTemporary, exit.Signal)
	case exit.Signal != 0:
		return fmt.Errorf("the program was ended by signal %d before it reached overseer.Run%s", exit.Signal, quote(exit.Output))
	default:
		return fmt.Errorf("the program exited with code %d before it reached overseer.Run (is it built with overseer, and does main call Run?)%s", exit.Code, quote(exit.Output))
	}
}

// outside are the signals by which a service manager or a terminal ends all
// processes of a service: they say nothing of a candidate.
var outside = map[syscall.Signal]bool{syscall.SIGTERM: true, syscall.SIGINT: true, syscall.SIGHUP: true}

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
