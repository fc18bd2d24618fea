package trial

import (
	"context"
	"errors"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/result"
	"github.com/seed-3d078585/overseer/bench/internal/rivals"
)

// processes measures the master beside a process of the same binary that does
// nothing at all. Each has restarted its program once.
func (t *Trials) processes(ctx context.Context) error {
	names := []string{result.Idle, result.Master, result.FetchingMaster}
	found, anonymous := make([][]float64, len(names)), make([][]float64, len(names))
	for range t.Amount.Rounds {
		idle, err := rivals.StartIdle(t.dir, t.self)
		if err != nil {
			return err
		}
		err = func() error {
			pids := []int{idle.PID()}
			for _, env := range [][]string{nil, {rivals.SourceVariable + "=" + t.self}} {
				c, _, err := t.running(ctx, rivals.RoleOverseer, t.self, env...)
				if err != nil {
					return err
				}
				defer c.Stop()
				if err := errors.Join(c.Trigger(), c.Wait(ctx)); err != nil {
					return err
				}
				pids = append(pids, c.PID())
			}
			pause(ctx, time.Second) // for what the fetcher does once
			for i, pid := range pids {
				n, err := resident(pid)
				if err != nil {
					return err
				}
				own, err := memory(pid, "RssAnon:")
				if err != nil {
					return err
				}
				found[i], anonymous[i] = append(found[i], n), append(anonymous[i], own)
			}
			return nil
		}()
		if err := errors.Join(err, idle.Stop()); err != nil {
			return err
		}
	}
	for i, name := range names {
		t.report.Processes = append(t.report.Processes, result.Process{Name: name, Resident: spread(found[i]), Anonymous: spread(anonymous[i]), Ratio: pairwise(found[i], found[0], ratio)})
	}
	return nil
}
