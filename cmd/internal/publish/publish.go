package publish

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// Publish makes the draft of a channel (empty: that of the settings) its
// release. Without a draft it issues the current release anew, so that it
// expires later.
//
// Errors that can be matched: [ErrRefused], [ErrKey], [ErrBusy], [ErrState].
func (d *Directory) Publish(ctx context.Context, channel string, how How) (Issued, error) {
	var issued Issued
	err := d.change(ctx, func(s *state) (err error) {
		if channel == "" {
			channel = s.Channel
		}
		dr, err := d.readDraft(channel)
		if err != nil {
			return err
		}
		if dr == nil {
			issued, err = d.reissue(s, channel, how)
			return err
		}
		issued, err = d.publish(ctx, s, channel, dr, how)
		return err
	})
	if err != nil {
		return Issued{}, fmt.Errorf("publish: %w", err)
	}
	return issued, nil
}

func (d *Directory) publish(ctx context.Context, s *state, channel string, dr *draft, how How) (Issued, error) {
	if len(dr.Artifacts) == 0 {
		return Issued{}, fmt.Errorf("the draft of %s has no program: add one", dr.Version)
	}
	if err := s.accepts(channel, dr); err != nil {
		return Issued{}, err
	}
	if _, err := d.admit(s, how.Signers); err != nil {
		return Issued{}, err
	}
	d.compare(s, channel, dr)
	for _, platform := range slices.Sorted(maps.Keys(dr.Artifacts)) {
		if err := d.deliver(ctx, channel, dr.Artifacts[platform]); err != nil {
			return Issued{}, fmt.Errorf("%s: %w", platform, err)
		}
	}
	m := release.Manifest{
		Channel: channel, Version: dr.Version, Notes: dr.Notes, Urgent: dr.Urgent,
		Artifacts: dr.Artifacts,
	}
	if dr.Stage != nil {
		m.Rollout = dr.Stage.rollout(s.Product, dr.Version, d.clock())
	}
	issued, err := d.issue(s, m, how)
	if err != nil {
		return Issued{}, err
	}
	return issued, d.dropDraft(channel)
}

// compare says what a publisher may have forgotten.
func (d *Directory) compare(s *state, channel string, dr *draft) {
	for platform := range s.current[channel].Artifacts {
		if _, ok := dr.Artifacts[platform]; !ok {
			d.sayf("%s was in %s and is not in %s: its hosts stay where they are", platform, s.current[channel].Version, dr.Version)
		}
	}
}

// deliver moves the files of a program out of the draft, unless a publisher that
// was killed has done so.
func (d *Directory) deliver(ctx context.Context, channel string, a release.Artifact) error {
	names := slices.Clone(a.URLs)
	for _, one := range a.Deltas {
		names = append(names, one.URLs...)
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		from := draftName(channel, name)
		if d.disk.exists(from) && !d.disk.exists(name) {
			if err := d.disk.rename(from, name); err != nil {
				return err
			}
		}
		if !d.disk.exists(name) {
			return fmt.Errorf("%w: %w: discard the draft and add again", ErrState, &os.PathError{Op: "find", Path: d.disk.path(name), Err: os.ErrNotExist})
		}
	}
	return nil
}

func (d *Directory) reissue(s *state, channel string, how How) (Issued, error) {
	now, err := s.at(channel)
	if err != nil {
		return Issued{}, fmt.Errorf("%w; add a release first", err)
	}
	d.sayf("nothing was added: %s %s is issued anew, to expire later", channel, now.Version)
	return d.issue(s, now.Manifest, how)
}

// rollout is the stage of a version from now on. The seed is made of product and
// version, so it is the same for all stages of one release, in each channel.
func (st Stage) rollout(product, version string, now time.Time) *release.Rollout {
	sum := sha256.Sum256([]byte(product + "\x00" + version))
	const seedBytes = 8
	r := &release.Rollout{Percent: st.Percent, Seed: hex.EncodeToString(sum[:seedBytes])}
	if st.Ramp > 0 {
		r.Ramp = &release.Ramp{From: st.From, Start: now, End: now.Add(st.Ramp.Duration())}
	}
	return r
}
