package trial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/result"
	"github.com/seed-3d078585/overseer/bench/internal/rivals"
)

// upgrades measures the way of a release from a directory that is watched to its
// first answer.
func (t *Trials) upgrades(ctx context.Context) error {
	for _, size := range t.Amount.Sizes {
		rounds := max(2, t.Amount.Rounds/3)
		u := result.Upgrade{}
		var took []float64
		for round := range rounds {
			d, real, err := t.upgrade(ctx, size, round)
			if err != nil {
				return err
			}
			took, u.Size = append(took, d.Seconds()), real
		}
		u.Took = spread(took)
		t.report.Upgrades = append(t.report.Upgrades, u)
	}
	return nil
}

func (t *Trials) upgrade(ctx context.Context, size int64, round int) (took time.Duration, real int64, err error) {
	name := fmt.Sprintf("upgrade-%d-%d", size, round)
	installed, _, err := t.padded(name, size, "")
	if err != nil {
		return 0, 0, err
	}
	next, real, err := t.padded(name+"-next", size, name)
	if err != nil {
		return 0, 0, err
	}
	source := installed + "-source"
	c, _, err := t.running(ctx, rivals.RoleOverseer, installed, rivals.SourceVariable+"="+source)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, c.Stop(), os.Remove(installed), os.Remove(source)) }()
	began := time.Now()
	if err := os.Rename(next, source); err != nil {
		return 0, 0, err
	}
	if err := c.Wait(ctx); err != nil {
		return 0, 0, err
	}
	return time.Since(began), real, nil
}
