//go:build unix

package isolate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/proc"
	"github.com/seed-3d078585/overseer/internal/store"
)

const (
	// exitGrace is for how long a process that has hung up may take to end by
	// itself, so that its own last words explain it.
	exitGrace = time.Second

	// waiting bounds the answers that nobody has asked for, or not yet read.
	waiting = 4
)

// A session is one fetch process, from its start to its end:
//
//	started -> settled -> ended
//	       \___________/
//
// One goroutine listens to it and owns its end.
type session struct {
	memory  *remembered
	process *proc.Process
	conn    *handover.Conn
	store   *store.Store
	log     *slog.Logger
	hold    time.Duration
	leaves  bool // no record is kept for the process: the master remembers by itself

	ready   chan struct{} // closed when Settled has come
	state   handover.Settled
	answers chan handover.Message
	keeps   chan handover.Keep // a record as it is to be kept

	recalling, installing atomic.Bool // a question of that kind is being answered
	questions             sync.WaitGroup
	ctx                   context.Context // ends with the session
	cancel                context.CancelCauseFunc

	reached bool          // Run, by the process; for the goroutine that listens
	done    chan struct{} // closed when the process is gone
}

func newSession(c Config, process *proc.Process, conn *handover.Conn, memory *remembered) *session {
	s := &session{
		process: process, conn: conn, memory: memory, store: c.Store, log: c.Log, hold: c.Hold, leaves: c.Recheck != nil,
		ready: make(chan struct{}), answers: make(chan handover.Message, waiting), keeps: make(chan handover.Keep, 1),
		done: make(chan struct{}),
	}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	go s.run(c)
	return s
}

// run listens until the process ends, or has to.
func (s *session) run(c Config) {
	defer close(s.done)
	err := s.greet(c)
	if err == nil {
		s.reached = true
		err = s.listen(c.Silence)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
		grace := time.NewTimer(exitGrace)
		select {
		case <-s.process.Done():
		case <-grace.C:
		case <-s.ctx.Done():
		}
		grace.Stop()
	}
	byItself := false
	select {
	case <-s.process.Done():
		byItself = true
	default:
	}
	s.conn.Close()
	s.process.Kill()
	s.cancel(s.explain(err, byItself, s.process.Exit()))
	s.questions.Wait()
}

// explain says why the process is no more.
func (s *session) explain(err error, byItself bool, exit proc.Exit) error {
	const who = "the fetch process"
	words := ""
	if !s.reached {
		words = " before it had reached overseer.Run (does main need to be alone?)"
	}
	if exit.Signal == int(syscall.SIGSYS) {
		words += " (a filter of system calls forbids it to change its user: allow that, or set IsolateNever)"
	}
	if line, _, _ := strings.Cut(strings.TrimSpace(exit.Output), "\n"); line != "" {
		words += ": " + clip(line)
	}
	switch {
	case byItself && exit.Signal != 0:
		return fmt.Errorf("%s was ended by signal %d%s", who, exit.Signal, words)
	case byItself:
		return fmt.Errorf("%s exited with code %d%s", who, exit.Code, words)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return s.ended(errors.New("it was silent for too long: is the host short of memory or processors, or was the process stopped?"))
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
		return s.ended(errors.New("it has hung up, or does not listen"))
	}
	return s.ended(err)
}

// end has the process ended because of err, unless it has ended already.
func (s *session) end(err error) {
	s.cancel(s.ended(err))
	s.conn.Close() // which ends the listening
}

func (s *session) ended(err error) error {
	return fmt.Errorf("the fetch process was ended: %w", err)
}

// why says why the session is over.
func (s *session) why() error { return context.Cause(s.ctx) }

// greet tells the process what it is, and waits until it has reached Run.
func (s *session) greet(c Config) error {
	scratch := ""
	if c.User == 0 {
		scratch = c.Store.Dir() // another user could not write there
	}
	setup := handover.FetchSetup{Version: handover.FetchVersion, User: c.User, Scratch: scratch, Recheck: c.Recheck != nil, Remembered: s.memory.get()}
	if err := s.conn.Send(setup); err != nil {
		return err
	}
	return s.hear(c.Ready)
}

func (s *session) listen(silence time.Duration) error {
	for {
		if err := s.hear(silence); err != nil {
			return err
		}
	}
}

// hear takes the next message.
func (s *session) hear(patience time.Duration) error {
	if err := s.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	m, _, err := s.conn.Receive()
	if err != nil {
		return err
	}
	switch m := m.(type) {
	case handover.Alive:
		return nil
	case handover.Settled:
		return s.settle(m)
	case handover.Offer, handover.Brought:
		return pass(s.answers, m, "answers")
	case handover.Remembers:
		return s.memory.set(m.Data)
	case handover.Keep:
		return pass(s.keeps, m, "a record")
	case handover.Recall:
		return s.question(&s.recalling, "record", func() { s.recall(m.Name) })
	case handover.AskInstalled:
		return s.question(&s.installing, "installed program", s.openInstalled)
	}
	return nil
}

// pass hands a message on; one that nobody waits for is a breach.
func pass[M any](to chan<- M, m M, what string) error {
	select {
	case to <- m:
		return nil
	default:
		return fmt.Errorf("it sends %s that nobody has asked for", what)
	}
}

func (s *session) settle(m handover.Settled) error {
	select {
	case <-s.ready:
		return errors.New("it has settled twice")
	default:
	}
	s.state = m
	if m.Kept != "" {
		s.log.Warn("the fetch process keeps rights that it should not have", "reason", clip(m.Kept))
	}
	s.log.Info("fetching in a process of its own", "fetch_pid", s.process.PID, "user", m.User)
	close(s.ready)
	return nil
}

// question answers beside the listening: the lock of the state directory and the
// hash of a program take time. The next one of its kind may be asked once answer
// has said the last word.
func (s *session) question(asked *atomic.Bool, what string, answer func()) error {
	if !asked.CompareAndSwap(false, true) {
		return fmt.Errorf("it asks for a second %s while the first is under way", what)
	}
	s.questions.Go(answer)
	return nil
}

// settled waits until the source was set up.
func (s *session) settled(ctx context.Context) (handover.Settled, error) {
	select {
	case <-s.ready:
		return s.state, nil
	case <-s.done:
		return handover.Settled{}, s.why()
	case <-ctx.Done():
		return handover.Settled{}, ctx.Err()
	}
}

// say sends a message. Where that fails the process ends, and why is the reason.
func (s *session) say(m handover.Message, fds ...int) error {
	if err := s.conn.Send(m, fds...); err != nil {
		s.conn.Close()
		<-s.done
		return s.why()
	}
	return nil
}

// answer waits for the next answer.
func (s *session) answer(ctx context.Context) (handover.Message, error) {
	select {
	case m := <-s.answers:
		return m, nil
	case <-s.done:
		return nil, s.why()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
