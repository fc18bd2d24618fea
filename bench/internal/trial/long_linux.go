package trial

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/load"
	"github.com/seed-3d078585/overseer/bench/internal/result"
	"github.com/seed-3d078585/overseer/bench/internal/rivals"
)

// RunLong restarts overseer under each load as often as the goals ask for. done is
// what earlier runs have measured; what is of this build is not measured again.
// keep is told of all after each mode.
func (t *Trials) RunLong(ctx context.Context, done []result.LongRun, keep func([]result.LongRun) error) error {
	if _, err := t.prepare(); err != nil {
		return err
	}
	defer os.RemoveAll(t.dir)
	build, err := buildOf(t.self)
	if err != nil {
		return err
	}
	var all []result.LongRun
	for _, mode := range load.Modes {
		i := slices.IndexFunc(done, func(l result.LongRun) bool { return l.Mode == string(mode) && l.Build == build })
		if i >= 0 {
			t.Say("%s: measured at %s", mode, done[i].Began.Format(time.DateTime))
			all = append(all, done[i])
			continue
		}
		t.Say("%s: until there were %d handovers and %d requests", mode, t.Amount.OwnHandovers, t.Amount.OwnRequests)
		one := result.LongRun{Build: build, Began: time.Now(), Load: [2]float64{loadAverage()}}
		var ok bool
		one.Handover, ok, err = t.handover(ctx, rivals.Program(rivals.RoleOverseer), mode, true)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || !ok {
			return fmt.Errorf("%s: %w", mode, err)
		}
		one.Took, one.Load[1] = time.Since(one.Began), loadAverage()
		all = append(all, one)
		if err := keep(all); err != nil {
			return err
		}
		t.Say("%s: %d of %d requests failed over %d handovers: %v", mode, one.Failed(), one.Requests, one.Handovers, one.Failures)
	}
	return keep(all)
}

func buildOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}
