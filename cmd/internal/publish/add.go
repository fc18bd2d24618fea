package publish

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/seed-3d078585/overseer/cmd/internal/binary"
	"github.com/seed-3d078585/overseer/release"
)

// An Input is a program to add, or the directory of a directory release. An
// empty platform is read from a program's header.
type Input struct {
	Platform string
	Path     string
}

// AddOptions say what is added. Nil leaves what the draft has.
type AddOptions struct {
	Channel string // default: that of the settings
	Version string
	Notes   *string
	Urgent  *bool
	Stage   *Stage
	Deltas  *int // default: that of the settings
	Inputs  []Input
}

// Added is what a draft holds now.
type Added struct {
	Channel   string                      `json:"channel"`
	Version   string                      `json:"version"`
	Artifacts map[string]release.Artifact `json:"artifacts"`
}

// Add packs programs, makes their deltas, and prepares the draft of a release.
// It may be called again for further platforms.
//
// Errors that can be matched: [ErrRefused], [ErrBusy], [ErrState].
func (d *Directory) Add(ctx context.Context, o AddOptions) (Added, error) {
	var added Added
	err := d.change(ctx, func(s *state) (err error) {
		added, err = d.add(ctx, s, o)
		return err
	})
	if err != nil {
		return Added{}, fmt.Errorf("add %s: %w", o.Version, err)
	}
	return added, nil
}

func (d *Directory) add(ctx context.Context, s *state, o AddOptions) (Added, error) {
	if o.Channel == "" {
		o.Channel = s.Channel
	}
	if err := checkNames(s.Product, o.Channel); err != nil {
		return Added{}, err
	}
	dr, err := d.begin(s, o)
	if err != nil {
		return Added{}, err
	}
	n := s.Deltas
	if o.Deltas != nil {
		n = *o.Deltas
	}
	if n < 0 || n > maxDeltas {
		return Added{}, fmt.Errorf("%d deltas: want 0 to %d", n, maxDeltas)
	}
	inputs, err := settlePlatforms(o.Inputs)
	if err != nil {
		return Added{}, err
	}
	for _, in := range inputs {
		a, err := d.prepare(ctx, s, o.Channel, in, n)
		if err != nil {
			return Added{}, err
		}
		dr.Artifacts[in.Platform] = a
	}
	if err := d.writeDraft(o.Channel, *dr); err != nil {
		return Added{}, err
	}
	return Added{o.Channel, dr.Version, dr.Artifacts}, nil
}

// begin goes on with the draft of a channel, or begins one.
func (d *Directory) begin(s *state, o AddOptions) (*draft, error) {
	if !release.ValidVersion(o.Version) {
		return nil, fmt.Errorf("version %.40q: want a semantic version such as 1.2.3", o.Version)
	}
	dr, err := d.readDraft(o.Channel)
	if err != nil {
		return nil, err
	}
	if dr != nil && dr.Version != o.Version {
		return nil, fmt.Errorf("channel %s has a draft of %s: publish or discard it first", o.Channel, dr.Version)
	}
	if dr == nil {
		dr = &draft{Version: o.Version, Base: s.current[o.Channel].Seq, Artifacts: map[string]release.Artifact{}}
	}
	if o.Notes != nil {
		dr.Notes = *o.Notes
	}
	if o.Urgent != nil {
		dr.Urgent = *o.Urgent
	}
	if o.Stage != nil {
		dr.Stage = o.Stage
	}
	return dr, s.accepts(o.Channel, dr)
}

// accepts tells early what hosts would refuse.
func (s *state) accepts(channel string, dr *draft) error {
	yanked, blocked := s.withdrawn()
	if has(yanked, dr.Version) {
		return fmt.Errorf("%w: version %s was yanked: take a new one", ErrRefused, dr.Version)
	}
	now, ok := s.current[channel]
	if ok && !has(yanked, now.Version) && release.CompareVersions(dr.Version, now.Version) < 0 {
		return fmt.Errorf("%w: channel %s is at %s, and hosts do not go back: take a higher version, or yank %s first", ErrRefused, channel, now.Version, now.Version)
	}
	for _, platform := range slices.Sorted(maps.Keys(dr.Artifacts)) {
		if slices.Contains(blocked, dr.Artifacts[platform].Digest) {
			return fmt.Errorf("%w: the program for %s, %s, is blocked", ErrRefused, platform, dr.Artifacts[platform].Digest.Short())
		}
	}
	return nil
}

// settlePlatforms reads the headers of all programs before work begins.
func settlePlatforms(inputs []Input) (all []Input, err error) {
	seen := map[string]string{}
	for _, in := range inputs {
		found, err := binary.Platform(in.Path)
		switch {
		case in.Platform == "" && errors.Is(err, binary.ErrUnknown):
			return nil, fmt.Errorf("%w: say PLATFORM=%s, such as linux/amd64=%s", err, in.Path, in.Path)
		case errors.Is(err, binary.ErrUnknown): // a script, or another system's: as the publisher says
		case err != nil:
			return nil, err
		case in.Platform == "":
			in.Platform = found
		case in.Platform != found:
			return nil, fmt.Errorf("%w: %q is a program for %s, not %s", ErrRefused, in.Path, found, in.Platform)
		}
		if other, ok := seen[in.Platform]; ok {
			return nil, fmt.Errorf("%q and %q are both for %s", other, in.Path, in.Platform)
		}
		seen[in.Platform] = in.Path
		all = append(all, in)
	}
	return all, nil
}

func (d *Directory) prepare(ctx context.Context, s *state, channel string, in Input, n int) (release.Artifact, error) {
	p, err := readProgram(in.Path)
	if err != nil {
		return release.Artifact{}, err
	}
	if _, blocked := s.withdrawn(); slices.Contains(blocked, p.digest) {
		return release.Artifact{}, fmt.Errorf("%w: %q, %s, is blocked", ErrRefused, in.Path, p.digest.Short())
	}
	a, err := d.pack(ctx, p, channel, in.Platform)
	if err != nil {
		return release.Artifact{}, err
	}
	inDraft := func(name string) string { return draftName(channel, name) }
	a.Deltas, err = d.patch(ctx, p, a.PackedSize, s.bases(channel, in.Platform, n, p.digest), in.Platform, inDraft)
	return a, err
}

// Discard forgets the draft of a channel. It reports whether there was one.
func (d *Directory) Discard(ctx context.Context, channel string) (was bool, err error) {
	err = d.change(ctx, func(s *state) error {
		if channel == "" {
			channel = s.Channel
		}
		dr, err := d.readDraft(channel)
		if was = dr != nil; err != nil {
			d.sayf("%v", err) // what cannot be read can be forgotten
			was = true
		}
		return d.dropDraft(channel)
	})
	if err != nil {
		return false, fmt.Errorf("discard the draft of %s: %w", channel, err)
	}
	return was, nil
}
