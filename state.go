package overseer

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// State contains the current run-time state of overseer, as the program sees it.
type State struct {
	// Enabled says whether overseer runs the program. If so, this program runs
	// in a child process and overseer performs rolling upgrades.
	Enabled bool

	// ID is the SHA-1 of the binary that runs, in hexadecimal. It is kept for
	// programs that show it; Digest is what overseer itself goes by.
	ID string

	// StartedAt is the start time of the program.
	StartedAt time.Time

	// Listener is the first of Listeners.
	Listener net.Listener

	// Listeners are the stream sockets (TCP and unix) of Config.Addresses, in
	// that order. The master holds them: closing one here does not close it
	// for the next generation.
	//
	// While its generation stands by, Accept blocks. When the generation
	// drains, Accept returns an error that matches net.ErrClosed: at once where
	// no accepted connection is open, else when the last one is finished or
	// half of TerminateTimeout has passed. So a program that ends on that error,
	// as in log.Fatal(http.Serve(state.Listener, nil)), does not cut its own
	// requests. GracefulShutdown and Context tell of the drain as it begins, and
	// Close ends Accept at once.
	//
	// Where overseer is disabled, these are plain listeners of this process. One
	// that cannot be bound is there all the same: its Accept returns the reason.
	Listeners []net.Listener

	// PacketConns are the datagram sockets of Config.Addresses, in that order.
	// All generations share their queues; reads block while a generation is not
	// live.
	PacketConns []net.PacketConn

	// Address is the first of Addresses.
	Address string

	// Addresses are those of the configuration, with the real port in place of
	// port 0.
	Addresses []string

	// GracefulShutdown is closed when it is time to perform a graceful
	// shutdown.
	GracefulShutdown chan bool

	// BinPath is the installed path of the binary, as it was given, also while
	// a new release runs on trial from elsewhere.
	BinPath string

	// Digest is the SHA-256 of the binary that runs, in hexadecimal.
	Digest string

	// Generation is the number of this run of the program; 0 where overseer is
	// disabled, or the master is a process of the older library that has fetched
	// this binary.
	Generation int

	run run
}

// run is what a State does where overseer is enabled.
type run interface {
	Ready()
	Context() context.Context
	Serve(*http.Server) error
	Status(context.Context) (Status, error)
	Handover(context.Context, Item) error
	Inherited(context.Context) (Item, error)
}

// DisabledState is a placeholder state for when overseer is disabled and the
// program function is run manually.
var DisabledState = State{Enabled: false}

// ErrDisabled is returned where a question makes no sense without a master.
var ErrDisabled = errors.New("overseer is disabled")

// Ready tells the master that the program is ready for traffic. A program that
// has addresses need not call it: it is ready once it has called Accept on each
// of its listeners, or on one of them a second ago. One that has none is ready
// after it has run for a second, or earlier by this call. Further calls do
// nothing.
func (s State) Ready() {
	if s.run != nil {
		s.run.Ready()
	}
}

// Context returns a context that is cancelled when GracefulShutdown is closed.
// A program that has asked for it is expected to end by it: SIGTERM and SIGINT
// then no longer end the process by themselves.
func (s State) Context() context.Context {
	if s.run == nil {
		return context.Background()
	}
	return s.run.Context()
}

// Serve runs an HTTP server on all Listeners, and ends it when the generation
// drains, without losing a request: accepting ends first, whatever was accepted
// is answered, each answer tells its client to go elsewhere ("Connection:
// close", a GOAWAY for HTTP/2), and idle connections are left alone until
// shortly before TerminateTimeout. It uses TLS where srv.TLSConfig has a
// certificate.
//
// It blocks until then and returns nil after a drain. It sets srv.Handler, to
// its old value in a wrapper. Where overseer is disabled it just serves; with no
// listeners at all it listens on srv.Addr.
func (s State) Serve(srv *http.Server) error {
	if s.run != nil {
		return s.run.Serve(srv)
	}
	return serveDirect(srv, s.Listeners)
}

// Status is what the master holds.
type Status struct {
	Generation     int    // the live generation, 0: none
	StagedUpgrade  string // digest of a release that waits for its trial, or empty
	PendingRestart bool   // a restart was asked for and has not begun
	Starts         int    // generations started so far
}

// Status asks the master what it holds. It blocks until the answer comes or ctx
// is done. Where overseer is disabled the error matches [ErrDisabled]. A master
// that is a process of the older library answers nothing: an error, at once.
func (s State) Status(ctx context.Context) (Status, error) {
	if s.run == nil {
		return Status{}, ErrDisabled
	}
	return s.run.Status(ctx)
}
