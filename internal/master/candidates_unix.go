//go:build unix

package master

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/store"
)

// This file carries out what is decided about candidates on the disk.

func (m *Master) install(d machine.Digest) {
	st := m.staged[d]
	m.disk.do(func() {
		// The commit of a release that has passed its trial is finished also
		// while the master ends.
		installed, err := m.installStaged(st)
		ev := machine.Installed{Digest: d}
		if err != nil {
			ev.Err = err.Error()
		} else if installed.Linked {
			m.cfg.Log.Info("the installed path is a link: the file it points to was replaced", "link", m.cfg.Binary, "file", installed.Path)
		}
		for _, warning := range installed.Warnings {
			m.cfg.Log.Warn("installed a release", "warning", warning)
		}
		m.call(func() {
			if err == nil {
				delete(m.staged, d)
			}
			m.step(ev)
		})
	})
}

func (m *Master) installStaged(st *store.Staged) (store.Installed, error) {
	if st == nil {
		return store.Installed{}, fmt.Errorf("install a candidate: it is not staged any more")
	}
	return m.cfg.Store.Install(context.WithoutCancel(m.ctx), st)
}

// restore puts the previous binary back. Whatever is started from the installed
// path meanwhile waits for it, see spawn.
func (m *Master) restore(d machine.Digest) {
	m.restoring++
	m.record("put the previous binary back in place of release "+digest(d).Short(), func() error {
		return m.cfg.Store.Restore(context.WithoutCancel(m.ctx))
	})
	m.disk.do(func() { m.call(func() { m.restoring-- }) })
}

// quarantine tells of it when whoever hears that can read it.
func (m *Master) quarantine(e machine.Quarantine) {
	until := time.Now().Add(m.cfg.QuarantineFor)
	m.record("write the quarantine", func() error {
		if err := m.cfg.Store.Quarantine(digest(e.Digest), e.Reason, until); err != nil {
			return err
		}
		m.tellEvent(slog.LevelInfo, "quarantined", admin.Event{Kind: admin.Quarantined, Release: string(e.Digest), Reason: e.Reason})
		return nil
	})
}

func (m *Master) discard(d machine.Digest) {
	st, ok := m.staged[d]
	if !ok {
		return
	}
	delete(m.staged, d)
	m.record("remove a staged candidate", st.Discard)
}

// record has something written whose failure nobody waits for.
func (m *Master) record(what string, f func() error) {
	m.disk.do(func() {
		if err := f(); err != nil {
			m.cfg.Log.Warn("could not "+what, "error", err)
		}
	})
}
