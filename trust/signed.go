package trust

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seed-3d078585/overseer/release"
)

// Signed is the policy that goes by signed manifests: see [Minisign] and
// [Root]. Its methods that set something return a changed copy. It is safe for
// concurrent use. The zero Signed refuses everything.
type Signed struct {
	keys      []key
	root      bool // keys sign the key list, not the manifest
	threshold int

	product, channel string
	platform         string
	atLeast          uint64
	running          string
	downgrade        bool
	every            bool
	slot             *float64

	host     Host
	own      *processMemory
	mistakes []error
}

// Minisign trusts manifests that one of these keys has signed, or more: see
// [Signed.Threshold]. A key is minisign's one line, 56 characters from RW on, or
// the text of a whole .pub file.
//
// Mistakes are told by [Signed.Check], and by every Vouch.
func Minisign(keys ...string) *Signed { return newSigned(false, keys) }

// Root trusts manifests signed by release keys, which a list names (see
// [release.KeyList]) that one of these root keys has signed, or more. So the
// release keys can change without touching an installed program, and the root
// keys can stay offline.
//
// The newest list that was seen is remembered. Where an older one comes, or
// none, it goes on by that.
func Root(keys ...string) *Signed { return newSigned(true, keys) }

func newSigned(root bool, texts []string) *Signed {
	s := &Signed{root: root, threshold: 1, platform: release.Platform(), own: &processMemory{}}
	keys, err := readKeys(texts)
	s.keys = keys
	if err != nil {
		return s.mistake(err)
	}
	return s
}

// copy is where every change begins.
func (s *Signed) copy() *Signed {
	c := *s
	return &c
}

func (s *Signed) mistake(err error) *Signed {
	c := s.copy()
	c.mistakes = append(slices.Clip(s.mistakes), err)
	return c
}

// For pins the policy to one channel of one product. Without it every candidate
// is refused: a key may sign several products.
func (s *Signed) For(product, channel string) *Signed {
	c := s.copy()
	c.product, c.channel = product, channel
	if !release.ValidProduct(product) || !release.ValidChannel(channel) {
		return c.mistake(fmt.Errorf("product %.40q, channel %.40q: want lower-case letters, and digits, with _-. between", product, channel))
	}
	return c
}

// Threshold is how many of the given keys must have signed. Default: 1. With
// [Root] these are the root keys; how many release keys must have signed is
// said by their list.
func (s *Signed) Threshold(n int) *Signed {
	c := s.copy()
	c.threshold = n
	return c
}

// Platform is for which programs are wanted. Default: [release.Platform].
func (s *Signed) Platform(p string) *Signed {
	c := s.copy()
	if c.platform = p; p == "" {
		return c.mistake(errors.New("the platform is empty"))
	}
	return c
}

// AtLeast is the lowest Seq that counts, built in for a host that has seen
// nothing yet.
func (s *Signed) AtLeast(seq uint64) *Signed {
	c := s.copy()
	c.atLeast = max(c.atLeast, seq)
	return c
}

// Running is the version of this program. Nothing lower is let in, also by a
// host that has seen nothing yet, unless the manifest yanks it.
func (s *Signed) Running(version string) *Signed {
	c := s.copy()
	if c.running = version; !release.ValidVersion(version) {
		return c.mistake(fmt.Errorf("running version %.40q: want a semantic version such as 1.2.3", version))
	}
	return c
}

// AllowDowngrade lets lower versions in. An older manifest is refused all the
// same.
func (s *Signed) AllowDowngrade() *Signed {
	c := s.copy()
	c.downgrade = true
	return c
}

// EverySlot lets a release in whatever its rollout says.
func (s *Signed) EverySlot() *Signed {
	c := s.copy()
	c.every = true
	return c
}

// Slot sets the place of this host in every rollout, from 0, which is among the
// first, to below 100. Default: each release's own, made of the machine ID.
func (s *Signed) Slot(slot float64) *Signed {
	c := s.copy()
	if c.slot = &slot; !(slot >= 0 && slot < 100) {
		return c.mistake(fmt.Errorf("slot %v: want 0 to below 100", slot))
	}
	return c
}

// On implements [HostPolicy].
func (s *Signed) On(h Host) Policy {
	c := s.copy()
	c.host = h
	return c
}

// Check tells all mistakes of the settings, for a caller at its start: Vouch
// refuses for the same.
//
// Errors that can be matched: [ErrSettings], [ErrNotPinned].
func (s *Signed) Check() error {
	all := slices.Clone(s.mistakes)
	switch {
	case len(s.keys) == 0 && len(s.mistakes) == 0:
		all = append(all, errors.New("no key is given: name one, or name trust.Insecure to run whatever the source offers"))
	case len(s.keys) > 0 && (s.threshold < 1 || s.threshold > len(s.keys)):
		all = append(all, fmt.Errorf("threshold %d of %d keys: want 1 to all of them", s.threshold, len(s.keys)))
	}
	if s.product == "" && s.channel == "" {
		all = append(all, ErrNotPinned)
	}
	if len(all) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrSettings, errors.Join(all...))
}

// Name implements [Policy].
func (s *Signed) Name() string {
	kind := "minisign"
	if s.root {
		kind = "root"
	}
	return fmt.Sprintf("%s %s/%s", kind, s.product, s.channel)
}
