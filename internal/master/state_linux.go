package master

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/journal"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/proc"
	"github.com/seed-3d078585/overseer/internal/socket"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/release"
	"golang.org/x/sys/unix"
)

// stateVersion is that of the state that a master hands to its successor. A
// successor refuses one that it does not know; members may be added without a
// new version where their absence means what was before.
const stateVersion = 1

// maxState bounds what is read, in bytes.
const maxState = 64 << 20

// A State is what a master hands to the binary that takes its place by execve:
// all that it holds beside its descriptors, which stay open at their numbers.
type State struct {
	Version  int           `json:"version"`
	Machine  machine.State `json:"machine"`
	Sockets  []socketState `json:"sockets"`
	Last     int           `json:"last_socket"`
	Wanders  bool          `json:"wanders,omitempty"`
	Workers  []workerState `json:"workers"`
	Timers   []timerState  `json:"timers"`
	Held     []heldState   `json:"held,omitempty"`
	Staged   []stagedState `json:"staged,omitempty"`
	Config   []Described   `json:"config"`             // of the master before
	Nohup    bool          `json:"nohup,omitempty"`    // see Signals
	Binary   string        `json:"binary"`             // path of what is installed
	Standing string        `json:"standing,omitempty"` // of the service, in the eyes of its manager
	Kept     bool          `json:"kept,omitempty"`     // by the service manager
	Updates  []byte        `json:"updates,omitempty"`  // what its fetching knew

	// For those who look at it.
	Started time.Time          `json:"started,omitzero"`
	Lives   []admin.Generation `json:"lives,omitempty"`
	Gone    []admin.Generation `json:"gone,omitempty"`
	Journal journal.Handoff    `json:"journal,omitzero"`
	Told    uint64             `json:"told,omitempty"`  // the newest event that the hook was told
	Admin   *socketState       `json:"admin,omitempty"` // nil: there is none
	Level   string             `json:"level,omitempty"` // of the log, where it was set
}

type socketState struct {
	Number int           `json:"number"`
	FD     int           `json:"fd"`
	Record socket.Record `json:"record"`
}

type workerState struct {
	Gen     machine.Gen    `json:"gen"`
	Version int32          `json:"version"` // of the protocol
	Process proc.Handoff   `json:"process"`
	Digest  release.Digest `json:"digest"`
	ID      string         `json:"id"`
	Sockets []int          `json:"sockets"`
	Control int            `json:"control"`         // descriptor; -1: the conversation has ended
	In      []byte         `json:"in,omitempty"`    // read and not consumed
	Files   []int          `json:"files,omitempty"` // likewise
}

// heldState is the end of a way that waits for a generation.
type heldState struct {
	From machine.Gen `json:"from"`
	ID   int         `json:"id"`
	FD   int         `json:"fd"`
}

type stagedState struct {
	Handoff store.Handoff `json:"handoff"`
	FD      int           `json:"fd"`
}

// state writes down what this master holds. Where it is only to be checked,
// the conversations may go on, and nothing is said of what is half read.
func (m *Master) state(toCheck bool) (State, error) {
	s := State{
		Version:  stateVersion,
		Machine:  m.machine.State(),
		Last:     m.sockets.last,
		Wanders:  m.sockets.wanders,
		Timers:   m.timers.left(),
		Config:   m.cfg.Described,
		Nohup:    m.signals.nohup,
		Kept:     m.cfg.Kept,
		Binary:   m.cfg.Binary,
		Standing: m.service.stands(),
	}
	m.showing(&s)
	if m.updates.keep != nil && !toCheck {
		s.Updates = m.updates.keep()
	}
	for n, held := range m.sockets.held {
		s.Sockets = append(s.Sockets, socketState{Number: n, FD: int(held.FD()), Record: held.Record()})
	}
	var errs error
	for _, w := range m.workers {
		ws, err := w.state(toCheck)
		s.Workers, errs = append(s.Workers, ws), errors.Join(errs, err)
	}
	for _, b := range m.held {
		fd, err := descriptor(b.end)
		s.Held, errs = append(s.Held, heldState{From: b.from.gen, ID: b.id, FD: fd}), errors.Join(errs, err)
	}
	for _, st := range m.staged {
		fd, err := descriptor(st.File())
		s.Staged, errs = append(s.Staged, stagedState{Handoff: st.Handoff(), FD: fd}), errors.Join(errs, err)
	}
	return s, errs
}

func (w *worker) state(toCheck bool) (workerState, error) {
	ws := workerState{
		Gen:     w.gen,
		Version: w.version.Load(),
		Digest:  w.bin.digest,
		ID:      w.bin.id,
		Sockets: w.sockets,
		Control: -1,
	}
	if toCheck {
		ws.Process.PID = w.process.PID
		return ws, nil
	}
	ws.Process = w.process.Handoff()
	select {
	case <-w.lost:
		return ws, nil
	default:
	}
	in, files := w.conn.Rest()
	ws.In = in
	for _, f := range files {
		fd, err := descriptor(f)
		if err != nil {
			return ws, err
		}
		ws.Files = append(ws.Files, fd)
	}
	return ws, w.conn.Control(func(fd uintptr) { ws.Control = int(fd) })
}

// descriptors are those that a successor needs.
func (s State) descriptors() (fds []int) {
	for _, one := range s.Sockets {
		fds = append(fds, one.FD)
	}
	for _, w := range s.Workers {
		fds = append(append(fds, w.Control), w.Files...)
		for _, p := range []*proc.Pipe{w.Process.Stderr, w.Process.Crash} {
			if p != nil {
				fds = append(fds, p.FD)
			}
		}
	}
	for _, st := range s.Staged {
		fds = append(fds, st.FD)
	}
	if s.Admin != nil {
		fds = append(fds, s.Admin.FD)
	}
	for _, h := range s.Held {
		fds = append(fds, h.FD)
	}
	return slices.DeleteFunc(fds, func(fd int) bool { return fd < 0 })
}

// file writes the state to a file that has no name and can be read only.
func (s State) file() (*os.File, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("write down the master's state: %w", err)
	}
	f, err := nameless()
	if err != nil {
		return nil, fmt.Errorf("make a file for the master's state: %w", err)
	}
	_, err = f.Write(text)
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("write down the master's state: %w", err)
	}
	if fd, err := descriptor(f); err == nil {
		const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
		unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals) // a file on a disk has none: then it is only nameless
	}
	return f, nil
}

// nameless makes a file in memory, memfd_create(2), or where there is no such
// call one that has lost its name.
func nameless() (*os.File, error) {
	fd, err := unix.MemfdCreate("overseer state", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err == nil {
		return os.NewFile(uintptr(fd), "state"), nil
	}
	f, err := os.CreateTemp("", "overseer-state-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// ReadState reads what the master before has written down, and closes f. It
// marks the descriptors close-on-exec where they are this process's own, which
// those of a state that is only to be checked are not.
func ReadState(f *os.File, toCheck bool) (State, error) {
	var s State
	if f == nil {
		return s, errors.New("read the state of the master before: its descriptor is not open")
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(io.NewSectionReader(f, 0, maxState+1), maxState+1))
	if err != nil {
		return s, fmt.Errorf("read the state of the master before: %w", err)
	}
	if len(text) > maxState {
		return s, fmt.Errorf("read the state of the master before: more than %d bytes", maxState)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("read the state of the master before: %w", err)
	}
	if s.Version != stateVersion {
		return s, fmt.Errorf("read the state of the master before: it has version %d, and this program knows version %d: restart the service to upgrade its master", s.Version, stateVersion)
	}
	if err := errors.Join(s.Machine.Check(), s.check()); err != nil {
		return s, fmt.Errorf("read the state of the master before: %w", err)
	}
	if !toCheck {
		for _, fd := range s.descriptors() {
			unix.CloseOnExec(fd)
		}
	}
	return s, nil
}

// check reports a generation without its process.
func (s State) check() error {
	for _, g := range s.Machine.Generations {
		if !slices.ContainsFunc(s.Workers, func(w workerState) bool { return w.Gen == g.Num && w.Process.PID > 0 }) {
			return fmt.Errorf("generation %d has no process", g.Num)
		}
	}
	return nil
}

// descriptor returns a file's number and leaves its mode alone.
func descriptor(f *os.File) (int, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return -1, err
	}
	n := -1
	err = raw.Control(func(fd uintptr) { n = int(fd) })
	return n, err
}
