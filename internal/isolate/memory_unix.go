//go:build unix

package isolate

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/release"
)

// A memory is the [trust.Memory] of a policy in a fetch process: the master reads
// and writes for it. Where the master checks again, it also remembers by itself,
// and what is learned here is forgotten with the next fetch.
type memory struct {
	conn    *handover.Conn
	turn    chan struct{} // one at a time
	records chan handover.Record
	kept    chan handover.Kept

	forgets bool
	learned map[string][]byte // since the fetch began, where it forgets
}

func newMemory(conn *handover.Conn, forgets bool) *memory {
	return &memory{
		conn: conn, turn: make(chan struct{}, 1), forgets: forgets,
		records: make(chan handover.Record, 1), kept: make(chan handover.Kept, 1),
	}
}

// begin forgets what a memory that forgets has learned.
func (m *memory) begin() {
	m.turn <- struct{}{}
	m.learned = map[string][]byte{}
	<-m.turn
}

// Update waits for the master, which bounds what it does; ctx bounds the wait for
// one's turn.
func (m *memory) Update(ctx context.Context, name string, change func(old []byte) ([]byte, error)) error {
	select {
	case m.turn <- struct{}{}:
		defer func() { <-m.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if old, ok := m.learned[name]; ok {
		now, err := change(old)
		if err == nil {
			m.learned[name] = now
		}
		return err
	}
	if err := m.conn.Send(handover.Recall{Name: name}); err != nil {
		return err
	}
	r := <-m.records // or the end of this process
	if r.Failure != nil {
		return failed(r.Failure)
	}
	if r.Data == nil && !r.None {
		r.Data = []byte{}
	}
	now, refused := change(r.Data)
	if refused == nil && len(now) > handover.MaxRecord {
		refused = fmt.Errorf("the record has %d bytes, more than the %d allowed", len(now), handover.MaxRecord)
	}
	k := handover.Keep{Leave: refused != nil || m.forgets}
	if !k.Leave {
		k.Data = now
	} else if refused == nil {
		m.learned[name] = now
	}
	if err := m.conn.Send(k); err != nil {
		return err
	}
	kept := <-m.kept
	if refused != nil {
		return refused
	}
	return failed(kept.Failure)
}

// An installed asks the master for the installed program.
type installed struct {
	conn    *handover.Conn
	turn    chan struct{} // one at a time
	answers chan installedAnswer
}

type installedAnswer struct {
	handover.Installed
	file *os.File
}

func newInstalled(conn *handover.Conn) *installed {
	return &installed{conn: conn, turn: make(chan struct{}, 1), answers: make(chan installedAnswer, 1)}
}

// open is what a [fetcher.Host] wants.
func (i *installed) open(ctx context.Context) (fetcher.Installed, error) {
	a, err := i.ask(ctx)
	if err != nil {
		return fetcher.Installed{}, err
	}
	d, err := release.ParseDigest(a.Digest)
	if err != nil || a.file == nil {
		return fetcher.Installed{}, errors.Join(errors.New("the master gives no installed program"), err)
	}
	return fetcher.Installed{ReaderAt: a.file, Closer: a.file, Size: a.Size, Digest: d}, nil
}

// digest is what a [trust.Host] wants.
func (i *installed) digest(ctx context.Context) (release.Digest, error) {
	p, err := i.open(ctx)
	if err != nil {
		return release.Digest{}, err
	}
	return p.Digest, p.Close()
}

func (i *installed) ask(ctx context.Context) (installedAnswer, error) {
	select {
	case i.turn <- struct{}{}:
		defer func() { <-i.turn }()
	case <-ctx.Done():
		return installedAnswer{}, ctx.Err()
	}
	if err := i.conn.Send(handover.AskInstalled{}); err != nil {
		return installedAnswer{}, err
	}
	a := <-i.answers // or the end of this process
	return a, failed(a.Failure)
}
