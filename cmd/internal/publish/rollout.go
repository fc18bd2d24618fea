package publish

import (
	"context"
	"fmt"
)

// whole is all hosts.
const whole = 100

// Rollout lets the current release of a channel (empty: that of the settings)
// reach another part of the hosts. Those that it reached with a lower percentage
// are among those of a higher one. A ramp without a beginning goes on from where
// the release is.
//
// Errors that can be matched: [ErrKey], [ErrBusy], [ErrState].
func (d *Directory) Rollout(ctx context.Context, channel string, stage Stage, from *float64, how How) (Issued, error) {
	var issued Issued
	err := d.change(ctx, func(s *state) (err error) {
		if channel == "" {
			channel = s.Channel
		}
		now, err := s.at(channel)
		if err != nil {
			return err
		}
		m := now.Manifest
		reached := float64(whole)
		if m.Rollout != nil {
			reached = m.Rollout.At(d.now())
		}
		switch {
		case stage.Ramp == 0:
		case from != nil:
			stage.From = *from
		default:
			stage.From = min(reached, stage.Percent)
		}
		if stage.Percent < reached {
			d.sayf("%g %% of the hosts were reached already: those that have upgraded stay upgraded", reached)
		}
		if m.Rollout = stage.rollout(s.Product, m.Version, d.clock()); stage.Percent == whole && stage.Ramp == 0 {
			m.Rollout = nil
		}
		issued, err = d.issue(s, m, how)
		return err
	})
	if err != nil {
		return Issued{}, fmt.Errorf("rollout: %w", err)
	}
	return issued, nil
}
