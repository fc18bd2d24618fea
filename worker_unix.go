//go:build unix

package overseer

import (
	"context"
	"net/http"
	"os"
	"time"

	"github.com/seed-3d078585/overseer/internal/item"
	"github.com/seed-3d078585/overseer/internal/worker"
)

func (s settled) runWorker() error {
	w, err := worker.Connect(inherited.Inherited, s.specs(), os.Exit)
	if err != nil {
		refuse(err) // the master is gone, or speaks another protocol
	}
	setCurrent(func(force bool) { w.Restart(force) })
	s.Program(workerState(w, supervised{w}))
	w.Wait()
	os.Exit(0)
	return nil
}

func workerState(w *worker.Worker, run run) State {
	state := State{
		Enabled:          true,
		ID:               w.Setup.ID,
		Digest:           w.Setup.Digest,
		StartedAt:        time.Now(),
		Listeners:        w.Listeners,
		PacketConns:      w.Packets,
		Addresses:        w.Addresses,
		GracefulShutdown: w.Graceful,
		BinPath:          w.Setup.BinPath,
		Generation:       w.Setup.Generation,
		run:              run,
	}
	if len(state.Listeners) > 0 {
		state.Listener = state.Listeners[0]
	}
	if len(state.Addresses) > 0 {
		state.Address = state.Addresses[0]
	}
	return state
}

// supervised is the run of a State in a worker.
type supervised struct{ w *worker.Worker }

func (s supervised) Ready()                       { s.w.Ready() }
func (s supervised) Serve(srv *http.Server) error { return s.w.Serve(srv, wayToServe(srv)) }

func (s supervised) Context() context.Context {
	s.w.Handle()
	return s.w.Context
}

func (s supervised) Status(ctx context.Context) (Status, error) {
	held, err := s.w.Status(ctx)
	return Status{
		Generation:     held.Generation,
		StagedUpgrade:  held.Staged,
		PendingRestart: held.Pending,
		Starts:         held.Starts,
	}, err
}

func (s supervised) Handover(ctx context.Context, i Item) error {
	return s.w.Handover(ctx, item.Item(i))
}

func (s supervised) Inherited(ctx context.Context) (Item, error) {
	i, err := s.w.Inherited(ctx)
	return Item(i), err
}
