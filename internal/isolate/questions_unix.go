//go:build unix

package isolate

import (
	"errors"
	"fmt"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
)

// This file answers what a fetch process asks of the master: what lies in the
// state directory, and what is installed.

// errLeave is a record that is to be left as it was.
var errLeave = errors.New("the record is left as it was")

// recall reads a record, has the policy of the process judge by it, and keeps
// what that returns.
func (s *session) recall(name string) {
	locked := false
	err := s.store.Memory().Update(s.ctx, name, func(old []byte) ([]byte, error) {
		if len(old) > handover.MaxRecord {
			return nil, fmt.Errorf("the record has %d bytes, more than the %d allowed", len(old), handover.MaxRecord)
		}
		locked = true
		s.conn.Send(handover.Record{None: old == nil, Data: old}) // in vain: keep ends too
		return s.keep()
	})
	if errors.Is(err, errLeave) {
		err = nil
	}
	var last handover.Message = handover.Kept{Failure: failure(err)}
	if !locked {
		last = handover.Record{Failure: failure(err)}
	}
	s.recalling.Store(false)
	s.conn.Send(last) // in vain: the process is gone
}

// keep waits for the record as it is to be kept.
func (s *session) keep() ([]byte, error) {
	timer := time.NewTimer(s.hold)
	defer timer.Stop()
	select {
	case k := <-s.keeps:
		if k.Leave {
			return nil, errLeave
		}
		if s.leaves {
			err := errors.New("it wants a record to be kept that is the master's")
			s.end(err)
			return nil, err
		}
		if len(k.Data) > handover.MaxRecord {
			return nil, fmt.Errorf("a record of %d bytes, more than the %d allowed", len(k.Data), handover.MaxRecord)
		}
		return k.Data, nil
	case <-s.ctx.Done():
		return nil, s.why()
	case <-timer.C:
		err := fmt.Errorf("it has locked a record of the policy for %v", s.hold)
		s.end(err)
		return nil, err
	}
}

// openInstalled gives the process the installed program to read.
func (s *session) openInstalled() {
	f, digest, err := s.store.OpenInstalled(s.ctx)
	m := handover.Installed{Failure: failure(err)}
	if err != nil {
		s.installing.Store(false)
		s.conn.Send(m) // in vain: the process is gone
		return
	}
	defer f.Close() // only read
	info, err := f.Stat()
	if err == nil {
		m.Digest, m.Size = digest.String(), info.Size()
	}
	m.Failure = failure(err)
	s.installing.Store(false)
	withDescriptor(f, func(fd int) error { return s.conn.Send(m, fd) }) // likewise
}
