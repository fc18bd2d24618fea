package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// hold is how long a connection must stay open for TCP. A program that closes
// what it accepts does so at once; a longer hold would lengthen each restart
// and show no more.
const hold = 100 * time.Millisecond

// TCP checks listener 0 of a program whose protocol it does not know. It
// passes when a connection is made and, within 100 ms, either the program
// speaks first or the connection is still open. It fails when the connection
// is not made, or is closed without a byte.
//
// That shows that the process lives and does not turn connections away. It
// does not show that anybody reads from the connection: a program that never
// calls Accept passes as long as its queue has room. Where the program has a
// protocol, a probe that speaks it shows more.
func TCP() Probe {
	return func(ctx context.Context, t Target) error {
		ctx, cancel := bounded(ctx)
		defer cancel()
		if err := holds(ctx, t); err != nil {
			return fmt.Errorf("probe %q: %w", t.address(0), err)
		}
		return nil
	}
}

func holds(ctx context.Context, t Target) error {
	conn, err := t.Dial(ctx, 0)
	if err != nil {
		return fmt.Errorf("dial: %w", err)
	}
	defer conn.Close()
	defer closeWhenDone(ctx, conn)()

	if err := conn.SetReadDeadline(time.Now().Add(hold)); err != nil {
		return fmt.Errorf("wait on the connection: %w", because(ctx, err))
	}
	n, err := conn.Read(make([]byte, 1))
	switch {
	case n > 0:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("wait on the connection: %w", context.Cause(ctx))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	case errors.Is(err, io.EOF):
		return errors.New("the program closed the connection at once, without a byte: it may turn away clients that it does not know")
	default:
		return fmt.Errorf("the connection broke at once, without a byte: %w", err)
	}
}
