package publish

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"crypto/sha256"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
	"github.com/seed-3d078585/overseer/release"
)

// A state is what a release directory holds at one moment, read under its lock.
type state struct {
	Settings
	current map[string]signed   // the manifest of each channel
	past    map[string][]signed // history of each channel, the newest first
	list    *signedList         // the key list, where there is one
}

// A signed manifest is one that was issued, with the bytes that are signed.
type signed struct {
	release.Manifest
	data       []byte
	signatures []keys.Signature
	rawSigs    []byte
}

func (s signed) digest() release.Digest { return sha256.Sum256(s.data) }

// A signedList is the key list as it was issued.
type signedList struct {
	release.KeyList
	data    []byte
	rawSigs []byte
}

// load reads the directory and refuses one that does not fit together.
//
// Errors that can be matched: [ErrState], [ErrNoDirectory].
func (d *Directory) load() (*state, error) {
	settings, err := d.settings()
	if err != nil {
		return nil, fmt.Errorf("read settings of %q: %w", d.disk.root, err)
	}
	s := &state{Settings: settings, current: map[string]signed{}, past: map[string][]signed{}}
	names, err := d.disk.list(".")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		channel, ok := strings.CutSuffix(name, manifestEnd)
		if !ok || name == keysName {
			continue
		}
		m, err := d.readManifest(name)
		if err != nil {
			return nil, err
		}
		if m.Channel != channel || m.Product != s.Product {
			return nil, fmt.Errorf("%w: %s is of product %q and channel %q: it was put there by hand", ErrState, name, m.Product, m.Channel)
		}
		if s.current[channel], err = d.readSignatures(m); err != nil {
			return nil, err
		}
	}
	if err := d.loadHistory(s); err != nil {
		return nil, err
	}
	if err := d.loadKeys(s); err != nil {
		return nil, err
	}
	return s, s.check()
}

func (d *Directory) readManifest(name string) (signed, error) {
	data, err := d.disk.read(name, release.MaxManifest)
	if err != nil {
		return signed{}, err
	}
	m, err := release.ParseManifest(data)
	if err != nil {
		return signed{}, fmt.Errorf("%w: %s: %w", ErrState, name, err)
	}
	return signed{Manifest: m, data: data}, nil
}

// readSignatures completes a manifest. One without signatures was not written by
// a publisher.
func (d *Directory) readSignatures(m signed) (signed, error) {
	name := signatureName(m.digest())
	raw, err := d.disk.read(name, release.MaxSignatures)
	if errors.Is(err, fs.ErrNotExist) {
		return signed{}, fmt.Errorf("%w: the manifest of seq %d in channel %s has no signatures (%s): was it changed by hand? put back the one of %s",
			ErrState, m.Seq, m.Channel, name, path.Join(history, m.Channel))
	}
	if err != nil {
		return signed{}, err
	}
	m.rawSigs = raw
	if m.signatures, err = keys.Split(raw); err != nil {
		return signed{}, fmt.Errorf("%w: %s: %w", ErrState, name, err)
	}
	return m, nil
}

func (d *Directory) loadHistory(s *state) error {
	for channel := range s.current {
		names, err := d.disk.list(path.Join(history, channel))
		if err != nil {
			return err
		}
		for _, name := range names {
			seq, err := strconv.ParseUint(strings.TrimSuffix(name, manifestEnd), 10, 64)
			if err != nil {
				continue // somebody's own file
			}
			m, err := d.readManifest(path.Join(history, channel, name))
			if err != nil {
				return err
			}
			if m.Seq != seq || m.Channel != channel {
				return fmt.Errorf("%w: %s is of channel %s and seq %d", ErrState, path.Join(history, channel, name), m.Channel, m.Seq)
			}
			s.past[channel] = append(s.past[channel], m)
		}
		slices.SortFunc(s.past[channel], func(a, b signed) int { return cmp.Compare(b.Seq, a.Seq) })
	}
	return nil
}

// check looks for what only a change by hand, or a backup put back, leaves.
func (s *state) check() error {
	seen := map[uint64]string{}
	for channel, now := range s.current {
		if other, ok := seen[now.Seq]; ok {
			return fmt.Errorf("%w: channels %s and %s are both at seq %d", ErrState, channel, other, now.Seq)
		}
		seen[now.Seq] = channel
		for _, old := range s.past[channel] {
			if old.Seq > now.Seq || old.Seq == now.Seq && old.digest() != now.digest() {
				return fmt.Errorf("%w: history of channel %s is at seq %d, %s at %d: was the directory put back from a backup? hosts have seen the newer one: copy %s over it, then publish again",
					ErrState, channel, old.Seq, manifestName(channel), now.Seq, historyName(channel, old.Seq))
			}
		}
	}
	return nil
}

// next is the seq of what is issued now.
func (s *state) next() uint64 {
	var highest uint64
	for channel, m := range s.current {
		highest = max(highest, m.Seq)
		for _, old := range s.past[channel] {
			highest = max(highest, old.Seq)
		}
	}
	return highest + 1
}

// channels are those that have a manifest, in order.
func (s *state) channels() []string { return slices.Sorted(maps.Keys(s.current)) }

// issued are all manifests of a channel, the newest first.
func (s *state) issued(channel string) []signed {
	now, ok := s.current[channel]
	if !ok {
		return nil
	}
	all := []signed{now}
	for _, old := range s.past[channel] {
		if old.Seq != now.Seq {
			all = append(all, old)
		}
	}
	return all
}

// at returns the current manifest of a channel.
func (s *state) at(channel string) (signed, error) {
	m, ok := s.current[channel]
	if !ok {
		return signed{}, fmt.Errorf("channel %q has no release: it has those of %v", channel, s.channels())
	}
	return m, nil
}

// withdrawn unites what all channels have yanked and blocked.
func (s *state) withdrawn() (yanked []string, blocked []release.Digest) {
	for _, channel := range s.channels() {
		m := s.current[channel]
		yanked = append(yanked, m.Yanked...)
		blocked = append(blocked, m.Blocked...)
	}
	return unite(yanked), uniteDigests(blocked)
}

func unite(all []string) []string {
	slices.SortFunc(all, release.CompareVersions)
	return slices.CompactFunc(all, func(v, w string) bool { return release.CompareVersions(v, w) == 0 })
}

func uniteDigests(all []release.Digest) []release.Digest {
	slices.SortFunc(all, func(a, b release.Digest) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(all)
}
