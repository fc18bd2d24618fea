package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/result"
	"github.com/seed-3d078585/overseer/bench/internal/rivals"
	"github.com/seed-3d078585/overseer/loadtest"
)

// pairs measures what overseer takes of the speed of a program: as many requests
// as it can answer, in turns with the same program by itself. Each round restarts
// overseer's: how fast a process is depends on where the system has put it.
func (t *Trials) pairs(ctx context.Context) (err error) {
	file := filepath.Join(t.dir, "file")
	if err := os.WriteFile(file, make([]byte, t.Amount.File), 0o644); err != nil {
		return err
	}
	var speed, cost, accepts, acceptCost, sending [2][]float64
	for round := range t.Amount.Rounds {
		all, stop, err := t.subjects(ctx, rivals.FileVariable+"="+file)
		if err != nil {
			return err
		}
		err = func() error {
			for turn := range all {
				i := (turn + round) % len(all)
				for _, m := range []struct {
					mode        loadtest.Mode
					speed, cost *[2][]float64
				}{{loadtest.KeepAlive, &speed, &cost}, {loadtest.NewConnection, &accepts, &acceptCost}} {
					rate, each, err := t.flood(ctx, all[i], m.mode)
					if err != nil {
						return fmt.Errorf("%s: %w", all[i].Name(), err)
					}
					m.speed[i], m.cost[i] = append(m.speed[i], rate), append(m.cost[i], each)
				}
				rate, err := download(ctx, all[i].place.HTTP)
				if err != nil {
					return fmt.Errorf("%s: %w", all[i].Name(), err)
				}
				sending[i] = append(sending[i], rate)
			}
			return nil
		}()
		if err := errors.Join(err, stop()); err != nil {
			return err
		}
	}
	t.pair("throughput, kept connections", "requests/s", speed, false)
	t.pair("processor time of a request, kept connections", "µs", cost, true)
	t.pair("accept rate: a connection for each request", "connections/s", accepts, false)
	t.pair("processor time of a connection and its request", "µs", acceptCost, true)
	t.pair("a large file, by sendfile", "MB/s", sending, false)
	return nil
}

func (t *Trials) pair(name, unit string, both [2][]float64, less bool) {
	t.report.Pairs = append(t.report.Pairs, result.Pair{
		Name: name, Unit: unit, Rounds: len(both[0]), LessIsBetter: less,
		Plain: spread(both[0]), Ours: spread(both[1]), Ratio: pairwise(both[1], both[0], ratio),
	})
}

// flood sends as fast as it can, and returns requests a second and what one
// costs the service, in microseconds.
func (t *Trials) flood(ctx context.Context, s subject, mode loadtest.Mode) (rate, cost float64, err error) {
	before, err := s.processor()
	if err != nil {
		return 0, 0, err
	}
	l, err := loadtest.Start(ctx, loadtest.Config{Address: s.place.HTTP, Mode: mode})
	if err != nil {
		return 0, 0, err
	}
	pause(ctx, t.Amount.Part)
	got := l.Stop()
	after, err := s.processor()
	if err != nil {
		return 0, 0, err
	}
	if got.Failed > 0 || got.Requests == 0 {
		return 0, 0, fmt.Errorf("%d of %d requests failed: %v", got.Failed, got.Requests, got.Failures)
	}
	return float64(got.Requests) / got.Elapsed.Seconds(), float64(after-before) / 1e3 / float64(got.Requests), nil
}

// download returns the pace of a large file, in MB/s.
func download(ctx context.Context, address string) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/file", nil)
	if err != nil {
		return 0, err
	}
	req.Close = true
	began := time.Now()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	n, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{resp.Body}, make([]byte, 256<<10))
	return float64(n) / 1e6 / time.Since(began).Seconds(), err
}
