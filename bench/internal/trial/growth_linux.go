package trial

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/seed-3d078585/overseer/bench/contestant"
	"github.com/seed-3d078585/overseer/bench/internal/result"
	"github.com/seed-3d078585/overseer/bench/internal/rivals"
)

// growth measures handovers of services that have more of something, in turns
// with one that has nothing.
func (t *Trials) growth(ctx context.Context) error {
	base, _, err := t.running(ctx, rivals.RoleOverseer, t.self)
	if err != nil {
		return err
	}
	defer base.Stop()
	for _, n := range t.Amount.Listeners {
		if err := t.grown(ctx, base, "listeners", n, []string{fmt.Sprintf("%s=%d", rivals.ListenersVariable, n)}, 0); err != nil {
			return fmt.Errorf("%d listeners: %w", n, err)
		}
	}
	for _, n := range t.Amount.Connections {
		if err := t.grown(ctx, base, "open connections", n, nil, n); err != nil {
			return fmt.Errorf("%d connections: %w", n, err)
		}
	}
	return t.draining(ctx, base)
}

func (t *Trials) grown(ctx context.Context, base contestant.Contestant, of string, n int, env []string, connections int) (err error) {
	c, place, err := t.running(ctx, rivals.RoleOverseer, t.self, env...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	var took, bases []float64
	for range max(2, t.Amount.Rounds/2) {
		crowd, err := connect(place.HTTP, min(connections, int(t.report.Machine.Files)-500))
		if err == nil {
			var one, other float64
			one, err = handoverOf(ctx, base)
			if err == nil {
				other, err = handoverOf(ctx, c)
			}
			bases, took = append(bases, one), append(took, other)
		}
		crowd.close()
		if err != nil {
			return err
		}
	}
	g := result.Growth{Of: of, Count: n, Took: spread(took), Ratio: pairwise(took, bases, ratio)}
	g.More, err = moreOf(c, base)
	t.report.Growth = append(t.report.Growth, g)
	return err
}

// draining restarts a service whose generations each have a client that does not
// leave, so that all of them go on draining.
func (t *Trials) draining(ctx context.Context, base contestant.Contestant) (err error) {
	c, place, err := t.running(ctx, rivals.RoleOverseer, t.self)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	for n := range t.Amount.Generations {
		stay, err := staying(place.HTTP)
		if err != nil {
			return err
		}
		defer stay.Close()
		one, err := handoverOf(ctx, base)
		if err != nil {
			return err
		}
		other, err := handoverOf(ctx, c)
		if err != nil {
			return err
		}
		switch n + 1 {
		case 1, 2, 5, 10, t.Amount.Generations:
			g := result.Growth{Of: "generations draining", Count: n + 1, Took: spread([]float64{other}), Ratio: spread([]float64{other / one})}
			if g.More, err = moreOf(c, base); err != nil {
				return err
			}
			t.report.Growth = append(t.report.Growth, g)
		}
	}
	return nil
}

// staying is a connection that was upgraded and is not closed when it is asked
// to.
func staying(address string) (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", address, 20*time.Second)
	if err != nil {
		return nil, err
	}
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	fmt.Fprint(conn, "GET /echo HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// handoverOf is the time of a handover, in seconds.
func handoverOf(ctx context.Context, c contestant.Contestant) (float64, error) {
	began := time.Now()
	err := errors.Join(c.Trigger(), c.Wait(ctx))
	return time.Since(began).Seconds(), err
}

// moreOf is what one master has more than another, in bytes.
func moreOf(c, base contestant.Contestant) (int64, error) {
	a, err := resident(c.PID())
	if err != nil {
		return 0, err
	}
	b, err := resident(base.PID())
	return int64(a - b), err
}
