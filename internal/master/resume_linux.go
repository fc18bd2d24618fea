package master

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/proc"
	"github.com/seed-3d078585/overseer/internal/socket"
)

// Resume goes on where the master before has left off, and returns as [Master.Run]
// does. cfg.Sockets is empty: they are in the state.
func (m *Master) Resume(s State) (code int, err error) {
	proc.UnblockInChildren(m.signals.taken())
	m.signals.nohup = s.Nohup // whatever the execve has made of it
	if err := m.takeSockets(s); err != nil {
		return 1, err
	}
	m.takeStaged(&s)
	for _, ws := range s.Workers {
		if err := m.takeWorker(ws); err != nil {
			return 1, err
		}
	}
	for _, h := range s.Held {
		end := os.NewFile(uintptr(h.FD), "way")
		if m.workers[h.From] == nil {
			end.Close() // whoever waited at the other end has gone
			continue
		}
		m.held = append(m.held, bequest{from: m.workers[h.From], id: h.ID, end: end})
	}
	m.machine = machine.Resume(m.cfg.Settings, s.Machine)
	m.tty = openTerminal(len(s.Machine.Sockets) > 0)
	m.firstOnce.Do(func() { close(m.spawned) })
	for _, t := range s.Timers {
		m.timers.set(t.Timer, t.Left, func() { m.step(machine.TimerFired{Timer: t.Timer}) })
	}
	m.service.resume(s.Standing)
	m.takeShowing(s)
	changed := changes(s.Config, m.cfg.Described)
	m.Note(slog.LevelInfo, "the master has been replaced", admin.Event{Kind: admin.Succeeded, PID: os.Getpid(), Release: string(s.Machine.Proven), Reason: "changed: " + changed},
		slog.String("release", digest(s.Machine.Proven).Short()), slog.String("changed", changed))
	return m.supervise(machine.Resumed{})
}

func (m *Master) takeSockets(s State) error {
	m.sockets.last, m.sockets.compared, m.sockets.wanders = s.Last, true, s.Wanders
	for _, one := range s.Sockets {
		held, err := socket.Adopt(uintptr(one.FD), one.Record)
		if err != nil {
			return fmt.Errorf("take over the sockets of the master before: %w", err)
		}
		m.sockets.held[one.Number] = held
	}
	for _, n := range s.Machine.Sockets {
		if m.sockets.held[n] == nil {
			return fmt.Errorf("take over the sockets of the master before: number %d is missing", n)
		}
	}
	return nil
}

// takeStaged takes the candidates over that wait. One for which this
// configuration has no place is removed, and fetched again if it is still offered.
func (m *Master) takeStaged(s *State) {
	for _, one := range s.Staged {
		f := os.NewFile(uintptr(one.FD), one.Handoff.Path)
		d := machine.Digest(one.Handoff.Digest.String())
		if m.cfg.Store != nil {
			if st, err := m.cfg.Store.Adopt(one.Handoff, f); err == nil {
				m.staged[d] = st
				continue
			}
		}
		if err := one.Handoff.Abandon(f); err != nil {
			m.cfg.Log.Warn("could not remove a staged candidate", "error", err)
		}
	}
	if m.staged[s.Machine.Waiting] == nil {
		s.Machine.Waiting = ""
	}
}

func (m *Master) takeWorker(ws workerState) error {
	w := newWorker(m, ws.Gen)
	w.version.Store(ws.Version)
	w.sockets = ws.Sockets
	p, err := proc.Adopt(ws.Process, os.Stderr)
	if err != nil {
		return fmt.Errorf("take over generation %d: %w", ws.Gen, err)
	}
	conn, err := takeConn(ws)
	if err != nil {
		return fmt.Errorf("take over the conversation with generation %d: %w", ws.Gen, err)
	}
	m.workers[ws.Gen] = w
	w.attach(p, binary{digest: ws.Digest, id: ws.ID}, conn)
	return nil
}

// takeConn makes the conversation anew. One that had ended ends again at once.
func takeConn(ws workerState) (*handover.Conn, error) {
	if ws.Control < 0 {
		conn, end, err := handover.Pair()
		if err == nil {
			end.Close()
		}
		return conn, err
	}
	var files []*os.File
	for _, fd := range ws.Files {
		files = append(files, os.NewFile(uintptr(fd), "received"))
	}
	return handover.ResumeConn(os.NewFile(uintptr(ws.Control), "control socket"), ws.In, files)
}

// changes tells what a new configuration changes.
func changes(before, now []Described) string {
	var list []string
	for _, n := range now {
		i := slices.IndexFunc(before, func(b Described) bool { return b.Name == n.Name })
		switch {
		case i < 0:
			list = append(list, fmt.Sprintf("%s: %s (new)", n.Name, n.Value))
		case before[i].Value != n.Value:
			list = append(list, fmt.Sprintf("%s: %s, was %s", n.Name, n.Value, before[i].Value))
		}
	}
	for _, b := range before {
		if !slices.ContainsFunc(now, func(n Described) bool { return n.Name == b.Name }) {
			list = append(list, fmt.Sprintf("%s: gone, was %s", b.Name, b.Value))
		}
	}
	if list == nil {
		return "nothing"
	}
	return strings.Join(list, "; ")
}
