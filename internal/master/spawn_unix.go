//go:build unix

package master

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/proc"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/internal/systemd"
	"github.com/seed-3d078585/overseer/release"
)

// A binary is what a generation runs: an open file, and the digests of what was
// read from that very file.
type binary struct {
	file   *os.File
	path   string         // by which it was opened
	digest release.Digest // zero: see identify
	id     string         // SHA-1
	owned  bool           // close file when it runs

	dir  string      // where it runs; empty: where the master does, or as configured
	tree *store.Tree // held until it has ended; nil: it is a single file
}

// spawn starts a process beside the owner: hashing and the disk take time. The
// trial of a candidate is on record before its process exists.
func (m *Master) spawn(e machine.Spawn) {
	w := newWorker(m, e.Gen)
	m.workers[e.Gen] = w
	w.trace = m.ordered.trace
	if e.Candidate != "" {
		m.ordered.looks = false
	}
	st := m.staged[e.Candidate]
	switch {
	case e.Candidate != "":
		m.disk.do(func() {
			m.start(w, func() (binary, error) { return m.openStaged(st) })
		})
	case m.restoring > 0:
		m.disk.do(func() { m.start(w, m.openInstalled) })
	default:
		m.beside.Go(func() { m.start(w, m.openInstalled) })
	}
}

func (m *Master) start(w *worker, open func() (binary, error)) {
	if m.cfg.Command != nil {
		m.startCommand(w, open)
		return
	}
	process, bin, conn, err := m.startProcess(open, w.trace)
	if err != nil {
		m.notStarted(w, err)
		return
	}
	m.call(func() { w.run(process, bin, conn) })
	m.keepDigests()
	select {
	case <-m.quit: // the master has ended meanwhile: nobody took the process over
		if !w.runs() {
			process.Kill()
			conn.Close()
		}
	default:
	}
}

// notStarted reports a process that could not be started.
func (m *Master) notStarted(w *worker, err error) {
	m.call(func() {
		delete(m.workers, w.gen)
		m.step(machine.SpawnFailed{Gen: w.gen, Reason: err.Error(), Temporary: temporary(err)})
	})
}

// temporary reports whether a start failed through no fault of the binary.
func temporary(err error) bool {
	return proc.Temporary(err) || errors.Is(err, errNoRecord) || errors.Is(err, os.ErrDeadlineExceeded)
}

func (m *Master) startProcess(open func() (binary, error), trace string) (*proc.Process, binary, *handover.Conn, error) {
	bin, err := open()
	if err != nil {
		return nil, binary{}, nil, err
	}
	if bin.owned {
		defer bin.file.Close()
	}
	conn, control, err := handover.Pair()
	if err != nil {
		return nil, binary{}, nil, err
	}
	defer control.Close()
	process, err := proc.Start(proc.Spec{
		Binary:        bin.file,
		Path:          m.cfg.Binary,
		Args:          append([]string{m.cfg.Binary}, os.Args[1:]...),
		Env:           workerEnviron(trace),
		Files:         []*os.File{control},
		Stdin:         os.Stdin,
		Stdout:        os.Stdout,
		Stderr:        os.Stderr,
		CaptureStderr: !m.tty.stderr,
		CaptureCrash:  true,
		OwnGroup:      m.tty.ownGroups,
		Credential:    m.cfg.Credential,
	}, m.workerVariable)
	if err != nil {
		conn.Close()
		return nil, binary{}, nil, err
	}
	m.forked()
	if err := m.identify(&bin); err != nil { // it waits for them: see handover.Setup
		process.Kill()
		process.Exit()
		conn.Close()
		return nil, binary{}, nil, err
	}
	return process, bin, conn, nil
}

// forked has the owner do what has waited for the first process: see
// [Signals.takeFirst].
func (m *Master) forked() {
	m.forkOnce.Do(func() { m.call(func() { m.signals.take(m.tty.ownGroups) }) })
}

// workerEnviron is the environment of a worker but for what makes it one.
func workerEnviron(trace string) []string {
	env := systemd.Without(proc.Environ(os.Environ(), ownVariables...))
	if trace == "" {
		return env
	}
	return append(proc.Environ(env, "TRACEPARENT=", "TRACESTATE="), traceVariable(trace)...)
}

// traceVariable hands the trace of an order to the program. Source: OpenTelemetry
// specification, "Environment Variables as Context Propagation Carriers".
func traceVariable(trace string) []string {
	if trace == "" {
		return nil
	}
	return []string{"TRACEPARENT=" + trace}
}

// ownVariables are for the master alone.
var ownVariables = handover.Variables()

// workerVariable tells the worker its descriptors: control is the first behind
// the standard ones.
func (m *Master) workerVariable(x proc.Extra) []string {
	text := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	parts := []string{"3", text(x.Stderr), text(x.Crash), text(number(m.signals.restartBy))}
	if m.signals.nohup {
		parts = append(parts, handover.NohupWord)
	}
	return []string{handover.Variable + "=" + strings.Join(parts, ":")}
}

// openInstalled opens what is installed at this moment: the file may have been
// replaced, and a link may point elsewhere, since the last start.
func (m *Master) openInstalled() (binary, error) {
	if m.cfg.Command != nil && m.cfg.Command.Trees {
		return m.openTree(func() (*store.Tree, error) {
			if m.cfg.Store == nil {
				return nil, errNoStore
			}
			return m.cfg.Store.Hold(m.ctx)
		})
	}
	path := m.cfg.Binary
	f, err := os.Open(path)
	if err != nil {
		return binary{}, fmt.Errorf("open the program's binary (Config.ExecFile): %w", err)
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return binary{}, fmt.Errorf("open the program's binary (Config.ExecFile): %q is not a regular file", path)
	}
	return binary{file: f, path: path, owned: true}, nil
}

// errNoRecord marks what is the disk's fault, whatever it was, and no release's.
var errNoRecord = errors.New("no record, no trial")

// openStaged puts the trial on record and returns the descriptor that was hashed
// when the candidate was staged.
func (m *Master) openStaged(st *store.Staged) (binary, error) {
	if st == nil {
		return binary{}, fmt.Errorf("start a candidate: it is not staged any more")
	}
	if err := m.cfg.Store.BeginTrial(st); err != nil {
		if !errors.Is(err, store.ErrQuarantined) {
			err = fmt.Errorf("%w: %w", errNoRecord, err)
		}
		return binary{}, err
	}
	if st.Root() != "" {
		return m.openTree(st.Hold)
	}
	return binary{file: st.File(), path: st.Path(), digest: st.Digest(), id: st.ID()}, nil
}

var errNoStore = errors.New("there is no store of directory releases; the log has the reason")

// openTree holds a tree for as long as a process runs from it.
func (m *Master) openTree(hold func() (*store.Tree, error)) (binary, error) {
	t, err := hold()
	if err != nil {
		return binary{}, fmt.Errorf("open the program's directory release: %w", err)
	}
	return binary{file: t.File, path: t.Program, dir: t.Root, tree: t, digest: t.Digest, id: t.ID}, nil
}
