package publish

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/seed-3d078585/overseer/release"
)

// PromoteOptions say what is taken along.
type PromoteOptions struct {
	From, To string
	Stage    *Stage // nil: all hosts at once
	Deltas   *int   // default: that of the settings
}

// Promote makes the current release of one channel that of another. Deltas from
// what the hosts of the other channel are at are made and added.
//
// Errors that can be matched: [ErrRefused], [ErrKey], [ErrBusy], [ErrState].
func (d *Directory) Promote(ctx context.Context, o PromoteOptions, how How) (Issued, error) {
	var issued Issued
	err := d.change(ctx, func(s *state) (err error) {
		issued, err = d.promote(ctx, s, o, how)
		return err
	})
	if err != nil {
		return Issued{}, fmt.Errorf("promote %s to %s: %w", o.From, o.To, err)
	}
	return issued, nil
}

func (d *Directory) promote(ctx context.Context, s *state, o PromoteOptions, how How) (Issued, error) {
	if err := checkNames(s.Product, o.To); err != nil {
		return Issued{}, err
	}
	from, err := s.at(o.From)
	if err != nil {
		return Issued{}, err
	}
	if o.From == o.To {
		return Issued{}, fmt.Errorf("both are the same channel")
	}
	if err := s.accepts(o.To, &draft{Version: from.Version, Artifacts: from.Artifacts}); err != nil {
		return Issued{}, err
	}
	if _, err := d.admit(s, how.Signers); err != nil {
		return Issued{}, err
	}
	n := s.Deltas
	if o.Deltas != nil {
		n = *o.Deltas
	}
	m := from.Manifest
	m.Channel, m.Rollout, m.MinSeq, m.Artifacts = o.To, nil, 0, maps.Clone(from.Artifacts)
	if o.Stage != nil {
		m.Rollout = o.Stage.rollout(s.Product, m.Version, d.clock())
	}
	for _, platform := range slices.Sorted(maps.Keys(m.Artifacts)) {
		a := m.Artifacts[platform]
		if a.Deltas, err = d.deltasFor(ctx, s, o.To, platform, a, n); err != nil {
			return Issued{}, err
		}
		m.Artifacts[platform] = a
	}
	return d.issue(s, m, how)
}

// deltasFor are those that a has, and those for the hosts of another channel.
func (d *Directory) deltasFor(ctx context.Context, s *state, channel, platform string, a release.Artifact, n int) ([]release.Delta, error) {
	var missing []release.Artifact
	for _, base := range s.bases(channel, platform, n, a.Digest) {
		if !slices.ContainsFunc(a.Deltas, func(one release.Delta) bool { return one.From == base.Digest }) {
			missing = append(missing, base)
		}
	}
	if len(missing) == 0 {
		return a.Deltas, nil
	}
	p, err := d.loadProgram(ctx, a)
	if err != nil {
		return nil, err
	}
	more, err := d.patch(ctx, p, a.PackedSize, missing, platform, func(name string) string { return name })
	return append(slices.Clone(a.Deltas), more...), err
}
