//go:build unix

package isolate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/trust"
)

// setupTimeout bounds the wait for the master's first words. It has said them
// already.
const setupTimeout = time.Minute

// Prepare is called before the program's own code runs. The signals that a
// terminal, a service manager or pkill(1) sends to all processes of a service
// are for the master, which ends this one.
func Prepare(in handover.Inherited) {
	if in.Stderr != nil {
		in.Stderr.Close() // standard error stays captured: the last words are told
	}
	signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM)
}

// A server is the fetch process.
type server struct {
	conn   *handover.Conn
	source fetcher.Interface
	policy trust.Policy
	setup  handover.FetchSetup

	orders    chan handover.Message // of the master, in order
	pipes     chan *os.File         // one for each Bring among them
	current   fetched
	memory    *memory
	installed *installed
}

// Serve is the whole of a fetch process: it gives up what rights it can, sets up
// the source and does what the master asks, until that has gone. A panic, of the
// source or of the policy, ends the process. The error is why it cannot serve.
func Serve(in handover.Inherited, source fetcher.Interface, policy trust.Policy) error {
	conn, err := handover.NewFetchConn(in.Control)
	if err != nil {
		return err
	}
	defer conn.Close()
	setup, err := greeted(conn)
	if err != nil {
		return fmt.Errorf("set up as a fetch process: %w", err)
	}
	s := &server{
		conn: conn, source: source, setup: setup,
		orders: make(chan handover.Message, 16), pipes: make(chan *os.File, 16),
		memory: newMemory(conn, setup.Recheck), installed: newInstalled(conn),
	}
	kept := giveUpRights(setup.User)
	s.policy = trust.On(policy, trust.Host{Memory: s.memory, Installed: s.installed.digest})
	if source, ok := source.(fetcher.HostFetcher); ok {
		source.SetHost(fetcher.Host{Installed: s.installed.open, Scratch: setup.Scratch})
	}
	go s.live()
	go s.work(kept)
	err = s.listen()
	if errors.Is(err, io.EOF) {
		return nil
	}
	return fmt.Errorf("listen to the master: %w", err)
}

func greeted(conn *handover.Conn) (handover.FetchSetup, error) {
	if err := conn.SetReadDeadline(time.Now().Add(setupTimeout)); err != nil {
		return handover.FetchSetup{}, err
	}
	m, _, err := conn.Receive()
	if err != nil {
		return handover.FetchSetup{}, err
	}
	setup, ok := m.(handover.FetchSetup)
	if !ok || setup.Version != handover.FetchVersion {
		return setup, fmt.Errorf("the master says %#v, want the setup of version %d", m, handover.FetchVersion)
	}
	return setup, conn.SetReadDeadline(time.Time{})
}

// live says all the time that this process runs.
func (s *server) live() {
	for {
		s.say(handover.Alive{})
		time.Sleep(aliveInterval)
	}
}

// say sends a message. A master that does not take it has gone, or is stopped
// for good.
func (s *server) say(m handover.Message) {
	if err := s.conn.Send(m); err != nil {
		os.Exit(0)
	}
}

// listen hands on what the master says. What it has to drop is called off at
// once, whatever is under way.
func (s *server) listen() error {
	for {
		m, files, err := s.conn.Receive()
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case handover.Record:
			s.memory.records <- m
		case handover.Kept:
			s.memory.kept <- m
		case handover.Installed:
			s.installed.answers <- installedAnswer{m, first(files)}
			continue
		case handover.Drop:
			s.current.interrupt(m.ID)
			s.orders <- m
		case handover.Bring:
			s.pipes <- first(files)
			s.orders <- m
			continue
		case handover.Fetch, handover.Receipt:
			s.orders <- m
		}
		for _, f := range files {
			f.Close() // nothing that this version knows
		}
	}
}

func first(files []*os.File) *os.File {
	if len(files) == 0 {
		return nil
	}
	return files[0]
}

// work sets up the source and carries out orders, one at a time.
func (s *server) work(kept string) {
	settled := handover.Settled{User: os.Geteuid(), Kept: kept}
	if err := s.source.Init(); err != nil {
		settled.Error = clip(err.Error())
	}
	if source, ok := s.source.(fetcher.Rememberer); ok && settled.Error == "" && s.setup.Remembered != nil {
		source.Remember(s.setup.Remembered)
	}
	s.say(settled)
	for m := range s.orders {
		switch m := m.(type) {
		case handover.Fetch:
			s.current.drop(0)
			s.say(s.fetch(m.ID))
		case handover.Bring:
			s.say(s.current.bring(m.ID, <-s.pipes))
		case handover.Drop:
			s.current.drop(m.ID)
		case handover.Receipt:
			s.current.taken(m.ID)
			s.tellMemory()
		}
	}
}

// tellMemory tells what the source knows now, unless it is too much to be worth
// it.
func (s *server) tellMemory() {
	source, ok := s.source.(fetcher.Rememberer)
	if !ok {
		return
	}
	if memory := source.Memory(); len(memory) <= maxMemory {
		s.say(handover.Remembers{Data: memory})
	}
}

// fetch asks the source and the policy.
func (s *server) fetch(id int) handover.Offer {
	ctx, cancel := context.WithCancel(context.Background())
	body, err := ask(ctx, s.source)
	if body == nil || err != nil {
		cancel()
		return handover.Offer{ID: id, Nothing: err == nil, Failure: failure(err)}
	}
	s.current.begin(id, body, cancel)
	s.memory.begin()
	c := fetcher.Describe(body)
	verified, err := trust.Check(ctx, s.policy, c)
	offer := handover.Offer{ID: id, Failure: failure(err), Source: clip(c.Source)}
	if c.Statement != nil && s.setup.Recheck {
		statement := handover.Statement(*c.Statement)
		offer.Statement = &statement
	}
	if err != nil {
		s.current.drop(0)
		return offer
	}
	c = verified.Candidate()
	offer.Size, offer.Version = c.Size, clip(verified.Version())
	if !c.Digest.IsZero() {
		offer.Digest = c.Digest.String()
	}
	return offer
}
