package publish

import (
	"context"
	"fmt"
	"slices"

	"github.com/seed-3d078585/overseer/release"
)

// Yank withdraws a version in all channels, and blocks its programs. A channel
// whose current release it is, or has one of its programs, goes back to its
// newest release that nothing is wrong with, and the hosts follow. Whoever was
// killed in the middle does the same again.
//
// Errors that can be matched: [ErrRefused], [ErrKey], [ErrBusy], [ErrState].
func (d *Directory) Yank(ctx context.Context, version string, how How) (all []Issued, err error) {
	err = d.change(ctx, func(s *state) error {
		plans, err := d.plan(s, version)
		if err != nil {
			return err
		}
		for _, m := range plans {
			one, err := d.withdraw(s, m, how)
			if err != nil {
				return err
			}
			all = append(all, one)
		}
		return nil
	})
	if err != nil {
		return all, fmt.Errorf("yank %s: %w", version, err)
	}
	return all, nil
}

// withdraw issues m where it withdraws more than what is current.
func (d *Directory) withdraw(s *state, m release.Manifest, how How) (Issued, error) {
	now := s.current[m.Channel]
	if m.Version == now.Version && slices.Equal(m.Yanked, now.Yanked) && slices.Equal(m.Blocked, now.Blocked) {
		return unchanged(now), nil
	}
	return d.issue(s, m, how)
}

// plan decides for each channel before the first one changes.
func (d *Directory) plan(s *state, version string) (plans []release.Manifest, err error) {
	bad, known := s.digestsOf(version)
	switch {
	case !release.ValidVersion(version):
		return nil, fmt.Errorf("version %.40q: want a semantic version such as 1.2.3", version)
	case !known:
		return nil, fmt.Errorf("it was never published here, or is pruned; its programs can still be blocked by digest")
	}
	yanked, blocked := s.withdrawn()
	yanked = unite(append(yanked, version))
	blocked = uniteDigests(append(blocked, bad...))
	for _, channel := range s.channels() {
		m := s.current[channel].Manifest
		if wrong(m, yanked, blocked) {
			good, ok := s.newestGood(channel, yanked, blocked)
			if !ok {
				return nil, fmt.Errorf("%w: channel %s has no other release to go back to: publish a higher version first", ErrRefused, channel)
			}
			if err := d.stand(good.Manifest); err != nil {
				return nil, err
			}
			d.sayf("channel %s goes back to %s", channel, good.Version)
			m.Version, m.Notes, m.Artifacts, m.Rollout, m.Urgent = good.Version, good.Notes, good.Artifacts, nil, good.Urgent
		}
		m.Yanked, m.Blocked = yanked, blocked
		plans = append(plans, m)
	}
	return plans, nil
}

// wrong reports whether a release was withdrawn.
func wrong(m release.Manifest, yanked []string, blocked []release.Digest) bool {
	if has(yanked, m.Version) {
		return true
	}
	for _, a := range m.Artifacts {
		if slices.Contains(blocked, a.Digest) {
			return true
		}
	}
	return false
}

func has(versions []string, v string) bool {
	return slices.ContainsFunc(versions, func(w string) bool { return release.CompareVersions(v, w) == 0 })
}

// newestGood is the last release of a channel that was not withdrawn.
func (s *state) newestGood(channel string, yanked []string, blocked []release.Digest) (signed, bool) {
	for _, m := range s.issued(channel) {
		if !wrong(m.Manifest, yanked, blocked) {
			return m, true
		}
	}
	return signed{}, false
}

// digestsOf are the programs of a version, wherever it was published.
func (s *state) digestsOf(version string) (all []release.Digest, known bool) {
	for _, channel := range s.channels() {
		for _, m := range s.issued(channel) {
			if release.CompareVersions(m.Version, version) != 0 {
				continue
			}
			known = true
			for _, a := range m.Artifacts {
				all = append(all, a.Digest)
			}
		}
	}
	return uniteDigests(all), known
}

// stand refuses to go back to what was pruned.
func (d *Directory) stand(m release.Manifest) error {
	for platform, a := range m.Artifacts {
		for _, name := range a.URLs {
			if release.IsRelative(name) && !d.disk.exists(name) {
				return fmt.Errorf("%w: %s of %s for %s is no longer here: put it back, or publish a higher version", ErrRefused, name, m.Version, platform)
			}
		}
	}
	return nil
}
