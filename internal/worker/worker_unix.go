//go:build unix

package worker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/item"
	"github.com/seed-3d078585/overseer/internal/socket"
)

// setupTimeout bounds the wait for the master's answer to hello. The master
// hashes the binary meanwhile.
const setupTimeout = time.Minute

// A Worker is this process as a generation of its master.
type Worker struct {
	// What the master said; constant.
	Setup      handover.Setup
	Listeners  []net.Listener   // the stream sockets, in the order of the configuration
	Packets    []net.PacketConn // the datagram sockets, likewise
	Addresses  []string         // of all sockets
	Graceful   chan bool        // closed when the generation drains
	Context    context.Context  // cancelled when the generation drains
	conn       *handover.Conn
	inherited  handover.Inherited
	sockets    []gate
	estate     estate
	tally      tally
	withheld   chan struct{} // closed when Accept may end; see Listener
	cancel     context.CancelFunc
	quit       func(code int) // ends the process
	linger     time.Duration  // the least time of a drain
	signals    *signals
	restoreErr sync.Once
	lost       chan struct{} // closed when the master has gone

	mu       sync.Mutex
	schedule *schedule // set when the drain begins
	drained  chan struct{}
	asks     map[int]chan handover.Status
	lastAsk  int
}

// gate is a socket as the master steers it.
type gate interface {
	open()
	pause()
	drain(last bool)
	give(net.Conn)
}

// Connect greets the master, says which addresses its configuration asks for,
// and takes the sockets over, which may be others: see [Worker.Addresses]. quit
// ends the process;
// it is called when a drain does not end in time and no master is there to do
// it.
func Connect(in handover.Inherited, addresses []string, quit func(code int)) (*Worker, error) {
	conn, err := handover.NewConn(in.Control)
	if err != nil {
		return nil, err
	}
	w := newWorker(quit)
	w.conn, w.inherited = conn, in
	if err := w.setUp(addresses); err != nil {
		conn.Close()
		return nil, fmt.Errorf("set up as a worker: %w", err)
	}
	w.signals = newSignals(w)
	if len(w.sockets) > 0 {
		w.signals.take()
	}
	go w.listen()
	return w, nil
}

func newWorker(quit func(code int)) *Worker {
	w := &Worker{
		Graceful: make(chan bool),
		withheld: make(chan struct{}),
		drained:  make(chan struct{}),
		lost:     make(chan struct{}),
		quit:     quit,
		asks:     map[int]chan handover.Status{},
	}
	w.estate.giver = item.NewGiver(w.bequeath)
	w.estate.bequests = map[int]chan handover.Bequeathed{}
	w.Context, w.cancel = context.WithCancel(context.Background())
	return w
}

func (w *Worker) setUp(addresses []string) error {
	if err := w.conn.SetReadDeadline(time.Now().Add(setupTimeout)); err != nil {
		return err
	}
	hello := handover.Hello{Min: handover.MinVersion, Max: handover.MaxVersion, PID: os.Getpid(), Addresses: addresses}
	if err := w.conn.Send(hello); err != nil {
		return err
	}
	for {
		m, files, err := w.conn.Receive()
		if err != nil {
			return err
		}
		switch m := m.(type) {
		case handover.Setup:
			w.Setup = m
		case handover.Sockets:
			if err := w.addSockets(m.Sockets, files); err != nil {
				return err
			}
		case handover.Bequest:
			w.bequest(m, files)
		case handover.Begin:
			if w.Setup.Version == 0 {
				return errors.New("the master began without a setup")
			}
			return w.conn.SetReadDeadline(time.Time{})
		}
	}
}

func (w *Worker) addSockets(sockets []handover.Socket, files []*os.File) error {
	if len(sockets) != len(files) {
		return fmt.Errorf("%d sockets came with %d descriptors", len(sockets), len(files))
	}
	for i, s := range sockets {
		index := len(w.sockets)
		w.Addresses = append(w.Addresses, s.Address)
		if s.Network == "udp" {
			inner, err := socket.FilePacketConn(s.Network, files[i])
			if err != nil {
				return fmt.Errorf("socket %q: %w", s.Address, err)
			}
			p := newPacketConn(inner, index, w.accepting)
			w.sockets, w.Packets = append(w.sockets, p), append(w.Packets, p)
			continue
		}
		if _, err := w.addListener(s.Network, s.Address, files[i], w.accepting); err != nil {
			return err
		}
	}
	return nil
}

func (w *Worker) addListener(network, address string, f *os.File, first func(index int)) (*Listener, error) {
	inner, err := socket.FileListener(network, f)
	if err != nil {
		return nil, fmt.Errorf("socket %q: %w", address, err)
	}
	l, ok := inner.(stream)
	if !ok {
		return nil, fmt.Errorf("socket %q: a %T cannot be paused", address, inner)
	}
	listener := newListener(l, len(w.sockets), &w.tally, first, w.withheld)
	w.sockets, w.Listeners = append(w.sockets, listener), append(w.Listeners, listener)
	return listener, nil
}

// listen carries out what the master says, until it has gone.
func (w *Worker) listen() {
	for {
		m, files, err := w.conn.Receive()
		if err != nil {
			close(w.lost)
			w.conn.Close()
			w.orphaned()
			return
		}
		w.carryOut(m, files)
	}
}

func (w *Worker) carryOut(m handover.Message, files []*os.File) {
	switch m := m.(type) {
	case handover.Private:
		w.private(m.Socket, files)
	case handover.Open:
		w.restoreErr.Do(w.restoreStderr)
		for _, s := range w.sockets {
			s.open()
		}
		w.conn.Send(handover.Opened{}) // an error is the end of the conversation: the next Receive has it too
	case handover.Pause:
		for _, i := range m.Sockets {
			if i >= 0 && i < len(w.sockets) {
				w.sockets[i].pause()
			}
		}
	case handover.Drain:
		w.drain(m)
	case handover.Status:
		w.answer(m)
	case handover.Bequest:
		w.bequest(m, files)
	case handover.Bequeathed:
		w.bequeathed(m)
	case handover.Ping:
		open, accepted := w.tally.counts()
		w.conn.Send(handover.Pong{ID: m.ID, Open: open, Accepted: accepted}) // an error: as above
	}
}

func (w *Worker) private(index int, files []*os.File) {
	for _, f := range files {
		conn, err := net.FileConn(f)
		f.Close()
		if err != nil {
			continue // the prober sees the end of its side
		}
		if index < 0 || index >= len(w.sockets) {
			conn.Close()
			continue
		}
		w.sockets[index].give(conn)
	}
}

func (w *Worker) accepting(index int) {
	w.conn.Send(handover.Accepting{Sockets: []int{index}}) // a lost master is found by listen
}

// Ready tells the master that the program is ready.
func (w *Worker) Ready() {
	w.conn.Send(handover.Ready{}) // a lost master is found by listen
}

// Restart asks the master for a restart.
func (w *Worker) Restart(force bool) error { return w.conn.Send(handover.Restart{Force: force}) }

// Status asks the master what it holds.
func (w *Worker) Status(ctx context.Context) (handover.Status, error) {
	w.mu.Lock()
	w.lastAsk++
	id, reply := w.lastAsk, make(chan handover.Status, 1)
	w.asks[id] = reply
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.asks, id)
		w.mu.Unlock()
	}()
	if err := w.conn.Send(handover.Ask{ID: id}); err != nil {
		return handover.Status{}, err
	}
	select {
	case status := <-reply:
		return status, nil
	case <-w.lost:
		return handover.Status{}, errors.New("ask the master: it has gone, and this process drains")
	case <-ctx.Done():
		return handover.Status{}, fmt.Errorf("ask the master: %w", ctx.Err())
	}
}

func (w *Worker) answer(m handover.Status) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if reply, ok := w.asks[m.ID]; ok {
		delete(w.asks, m.ID)
		reply <- m
	}
}
