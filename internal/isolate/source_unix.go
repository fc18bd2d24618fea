//go:build unix

package isolate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/proc"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// Bounds of a fetch process, where [Config] has no others.
const (
	// silence is for how long one may say nothing. It says that it is alive
	// each aliveInterval.
	silence       = 30 * time.Second
	aliveInterval = 5 * time.Second

	// hold bounds how long it may have a record locked while its policy judges,
	// which waits for nothing meanwhile: see [trust.Memory].
	hold = 10 * time.Second
)

// Config is what a Source is made of.
type Config struct {
	// Start starts a fetch process: see [Start].
	Start func() (*proc.Process, *handover.Conn, error)

	Store *store.Store
	User  int // user and group that the process is to become; 0: none

	// Recheck is a policy that judges again, in the master, what the same one
	// has judged in the process: one that touches nothing before its signature.
	// Nil: what the process says is believed.
	Recheck trust.Policy

	Ready   time.Duration // bounds the time until the process has reached Run
	Silence time.Duration // 0: 30 s
	Hold    time.Duration // 0: 10 s
	Log     *slog.Logger
}

// A Source is a source of releases that asks a fetch process. Its methods are
// those of a fetcher: called by one goroutine at a time, but for Close.
//
// What it returns was judged by the policy of the fetch process; its own
// [Source.Policy] lets in what passed there, and nothing else.
type Source struct {
	cfg    Config
	last   int // number of the last fetch
	memory remembered

	mu     sync.Mutex
	now    *session // nil: none was started, or its end was told
	closed bool
}

// NewSource starts nothing yet.
func NewSource(c Config) *Source {
	c.Silence, c.Hold = cmp.Or(c.Silence, silence), cmp.Or(c.Hold, hold)
	return &Source{cfg: c}
}

var errClosed = errors.New("the fetch process has been ended")

// Init starts the process. Its error is that of the source's own Init; a process
// that could not be started, or has died, is for the first Fetch to tell.
func (s *Source) Init() error {
	p, err := s.session()
	if err != nil {
		s.cfg.Log.Debug("the fetch process did not start", "error", err)
		return nil
	}
	settled, err := p.settled(context.Background()) // Close ends the wait
	if err != nil {
		return nil
	}
	return initError(settled)
}

func initError(settled handover.Settled) error {
	if settled.Error == "" {
		return nil
	}
	return errors.New(clip(settled.Error))
}

// Fetch is FetchContext without an end.
func (s *Source) Fetch() (io.Reader, error) { return s.FetchContext(context.Background()) }

// FetchContext asks the process, and starts one where there is none. The end of
// a process is told once, by the fetch that it ended or by the next. An error
// matches [fetcher.ErrAgain], [trust.ErrNotYet] and *[fetcher.RetryAfterError]
// where that of the source or of the policy did.
//
// By [fetcher.AtOnce] it starts a new process, which knows nothing of what was
// taken and has not looked yet.
func (s *Source) FetchContext(ctx context.Context) (io.Reader, error) {
	if fetcher.IsAtOnce(ctx) {
		s.afresh()
	}
	p, err := s.session()
	if err != nil {
		return nil, err
	}
	settled, err := p.settled(ctx)
	if err == nil {
		err = initError(settled)
	}
	if err != nil {
		return nil, s.told(p, err)
	}
	s.last++
	id := s.last
	if err := p.say(handover.Fetch{ID: id}); err != nil {
		return nil, s.told(p, err)
	}
	for {
		m, err := p.answer(ctx)
		if err != nil {
			return nil, s.told(p, err)
		}
		if offer, ok := m.(handover.Offer); ok && offer.ID == id {
			return s.offered(ctx, p, offer)
		}
	}
}

// afresh ends the process, if there is one, and forgets what was taken.
func (s *Source) afresh() {
	s.memory.set(nil)
	s.mu.Lock()
	p := s.now
	s.mu.Unlock()
	if p != nil {
		s.told(p, errAfresh)
	}
}

var errAfresh = errors.New("a look at once was asked for")

func (s *Source) offered(ctx context.Context, p *session, o handover.Offer) (io.Reader, error) {
	switch {
	case o.Nothing:
		return nil, nil
	case o.Failure != nil && (o.Statement == nil || s.cfg.Recheck == nil):
		return nil, failed(o.Failure)
	}
	about := release.Candidate{Source: clip(o.Source), Size: o.Size}
	if o.Statement != nil && s.cfg.Recheck != nil {
		statement := release.Statement(*o.Statement)
		about.Statement = &statement
	}
	if o.Digest != "" {
		var err error
		if about.Digest, err = release.ParseDigest(o.Digest); err != nil {
			p.end(fmt.Errorf("it vouches for no digest: %w", err))
			return nil, s.told(p, p.why())
		}
	}
	if o.Size < 0 {
		p.end(fmt.Errorf("it vouches for %d bytes", o.Size))
		return nil, s.told(p, p.why())
	}
	offer := newOffer(ctx, s, p, o.ID, about)
	offer.version, offer.refused = clip(o.Version), failed(o.Failure)
	return offer, nil
}

// session returns the process that is there, or starts one. One that has died
// since the last fetch is told of first.
func (s *Source) session() (*session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if s.now != nil {
		return s.now, nil
	}
	process, conn, err := s.cfg.Start()
	if err != nil {
		return nil, fmt.Errorf("start the fetch process: %w", err)
	}
	s.now = newSession(s.cfg, process, conn, &s.memory)
	return s.now, nil
}

// told has a process end because of err, if it has not yet, and forgets it.
func (s *Source) told(p *session, err error) error {
	p.end(err)
	<-p.done
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == p {
		s.now = nil
	}
	return err
}

// Memory is what the source in the process knew when it last took something: see
// [fetcher.Rememberer].
func (s *Source) Memory() []byte { return s.memory.get() }

// Remember has the source of the next process know it.
func (s *Source) Remember(memory []byte) { s.memory.set(memory) }

// Close ends the process and waits for it. A call that is under way returns.
func (s *Source) Close() {
	s.mu.Lock()
	s.closed = true
	p := s.now
	s.mu.Unlock()
	if p != nil {
		p.end(errClosed)
		<-p.done
	}
}

// Policy lets in what this source's process vouches for, and nothing else: what
// it says was checked there by a policy of that name. Where the source has one to
// recheck, that has to let it in too. See [trust.Check].
func (s *Source) Policy(name string) trust.Policy {
	v := vouched{s, name}
	if s.cfg.Recheck != nil {
		return rechecked{v, s.cfg.Recheck}
	}
	return v
}
