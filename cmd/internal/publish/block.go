package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-3d078585/overseer/release"
)

// Block forbids programs, by digest, in all channels. A digest may be cut where
// it is that of one program of the directory only. A channel that has all of
// them blocked is left alone.
//
// Errors that can be matched: [ErrRefused], [ErrKey], [ErrBusy], [ErrState].
func (d *Directory) Block(ctx context.Context, digests []string, how How) (all []Issued, err error) {
	err = d.change(ctx, func(s *state) error {
		blocked, err := s.findAll(digests)
		if err != nil {
			return err
		}
		if err := s.unused(blocked); err != nil {
			return err
		}
		_, before := s.withdrawn()
		for _, channel := range s.channels() {
			m := s.current[channel].Manifest
			m.Blocked = uniteDigests(append(before, blocked...))
			one, err := d.withdraw(s, m, how)
			if err != nil {
				return err
			}
			all = append(all, one)
		}
		return nil
	})
	if err != nil {
		return all, fmt.Errorf("block: %w", err)
	}
	return all, nil
}

func (s *state) findAll(given []string) (all []release.Digest, err error) {
	for _, one := range given {
		digest, err := s.find(one)
		if err != nil {
			return nil, err
		}
		all = append(all, digest)
	}
	if len(s.current) == 0 {
		return nil, errors.New("nothing was published yet: there is no manifest to say it in")
	}
	return all, nil
}

// unused refuses to block what a channel offers.
func (s *state) unused(blocked []release.Digest) error {
	for _, channel := range s.channels() {
		m := s.current[channel]
		for platform, a := range m.Artifacts {
			if slices.Contains(blocked, a.Digest) {
				return fmt.Errorf("%w: %s is the program of the current release %s in channel %s for %s: yank that version instead", ErrRefused, a.Digest.Short(), m.Version, channel, platform)
			}
		}
	}
	return nil
}

// find completes a digest that may be cut.
func (s *state) find(given string) (release.Digest, error) {
	if d, err := release.ParseDigest(given); err == nil {
		return d, nil
	}
	const enough = 8
	var found []release.Digest
	if given = strings.ToLower(given); len(given) >= enough {
		for _, d := range s.programs() {
			if strings.HasPrefix(d.String(), given) {
				found = append(found, d)
			}
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return release.Digest{}, fmt.Errorf("digest %.80q: it is that of no program that was published here: give all 64 digits", given)
	}
	return release.Digest{}, fmt.Errorf("digest %.80q: several programs begin so: give more digits", given)
}

// programs are all that any manifest names.
func (s *state) programs() (all []release.Digest) {
	for _, channel := range s.channels() {
		for _, m := range s.issued(channel) {
			for _, a := range m.Artifacts {
				all = append(all, a.Digest)
			}
		}
	}
	return uniteDigests(all)
}
