package trust

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// Vouch implements [Policy]. docs/manifest.md has the order in which it looks.
// What a manifest says is kept in the host's [Memory], durably, as soon as it is
// known to be the publisher's, and in any case before Vouch returns a Grant.
//
// Errors that can be matched: those of this package from [ErrSettings] to
// [ErrMemory], [NotYetError], [release.ErrFormat], [release.ErrCritical], those
// of ctx and of the Memory.
func (s *Signed) Vouch(ctx context.Context, c release.Candidate) (Grant, error) {
	if err := s.Check(); err != nil {
		return Grant{}, err
	}
	if c.Statement == nil || len(c.Statement.Manifest) == 0 {
		return Grant{}, fmt.Errorf("%w: the source offers a program without a manifest: point it to the manifest of a release directory", ErrUnsigned)
	}
	st := *c.Statement
	if n := len(st.Manifest); n > release.MaxManifest {
		return Grant{}, fmt.Errorf("%w: manifest of %d bytes, more than the %d allowed", release.ErrFormat, n, release.MaxManifest)
	}
	told, err := s.learn(ctx, st)
	if err != nil {
		return Grant{}, err
	}
	if err := s.awaitTurn(ctx, told); err != nil {
		return Grant{}, err
	}
	if err := s.letIn(ctx, told); err != nil {
		return Grant{}, err
	}
	a := told.manifest.Artifacts[s.platform]
	return Grant{Digest: a.Digest, Size: a.Size}, nil
}

// told is a manifest that nothing is wrong with.
type told struct {
	manifest release.Manifest
	digest   release.Digest // of its bytes
	now      time.Time      // at least
}

// update changes the record of the product. The error of change is the second
// result: what was learned before it is kept.
func (s *Signed) update(ctx context.Context, change func(*record) error) error {
	var memory Memory = s.own
	if s.host.Memory != nil {
		memory = s.host.Memory
	}
	verdict := fmt.Errorf("%w of product %q was not asked: this is a fault of the Memory", ErrMemory, s.product)
	var unreadable error
	err := memory.Update(ctx, recordName(s.product), func(old []byte) ([]byte, error) {
		var rec record
		if rec, unreadable = readRecord(old, s.product); unreadable != nil {
			return nil, unreadable
		}
		verdict = change(&rec)
		return rec.encode(old)
	})
	switch {
	case unreadable != nil:
		return unreadable
	case err != nil && ctx.Err() != nil:
		return errors.Join(ctx.Err(), err)
	case err != nil:
		return fmt.Errorf("%w of product %q cannot be kept, so nothing is let in: %w", ErrMemory, s.product, err)
	}
	return verdict
}

// learn judges the statement by what was seen before.
func (s *Signed) learn(ctx context.Context, st release.Statement) (told, error) {
	var t told
	err := s.update(ctx, func(rec *record) (err error) {
		t, err = s.judge(rec, st, time.Now())
		return err
	})
	return t, err
}

// judge decides all but the rollout. It is quick: the record is locked.
func (s *Signed) judge(rec *record, st release.Statement, now time.Time) (told, error) {
	ring, now, err := s.signers(rec, st, now)
	if err != nil {
		return told{}, err
	}
	rec.forgetThieves(ring.revoked)
	now = later(now, rec.Issued)
	by, err := ring.verify(st.Manifest, st.Signatures, now)
	if err != nil {
		return told{}, err
	}
	m, err := release.ParseManifest(st.Manifest)
	if err != nil {
		return told{}, err
	}
	t := told{manifest: m, digest: sha256.Sum256(st.Manifest), now: later(now, m.Issued)}
	if err := s.checkOrder(rec, t); err != nil {
		return told{}, err
	}
	rec.learn(m, t.digest, by)
	return t, s.checkProgram(rec, m)
}

// checkOrder looks at whose manifest it is, and whether it is the newest.
func (s *Signed) checkOrder(rec *record, t told) error {
	m := t.manifest
	last := rec.Channels[s.channel]
	switch floor := max(rec.Floor, s.atLeast); {
	case m.Product != s.product:
		return fmt.Errorf("%w: the manifest is of %q, this program is %q: point the source to its own releases", ErrProduct, m.Product, s.product)
	case m.Channel != s.channel:
		return fmt.Errorf("%w: the manifest is of %q, this program follows %q: point the source to that", ErrChannel, m.Channel, s.channel)
	case !t.now.Before(m.Expires):
		return fmt.Errorf("%w: manifest %d expired %s, and it is %s: the publisher publishes it anew; if it was, the source is out of date, or the clock of this host is wrong",
			ErrExpired, m.Seq, stamp(m.Expires), stamp(t.now))
	case m.Seq < floor:
		return fmt.Errorf("%w: manifest %d, and %d is the lowest: the source is out of date, or somebody plays an old release back", ErrFloor, m.Seq, floor)
	case m.Seq < last.Seq:
		return fmt.Errorf("%w: manifest %d, and %d was seen: the source is out of date, or somebody plays an old release back", ErrReplay, m.Seq, last.Seq)
	case m.Seq == last.Seq && t.digest != last.Manifest:
		return fmt.Errorf("%w: manifest %d is %s, %s was seen first: the publisher publishes one with a higher seq", ErrEquivocation, m.Seq, t.digest.Short(), last.Manifest.Short())
	}
	return nil
}

// checkProgram looks at what the manifest offers this host.
func (s *Signed) checkProgram(rec *record, m release.Manifest) error {
	for _, before := range []string{rec.Version, s.running} {
		if before != "" && release.CompareVersions(m.Version, before) < 0 && !s.downgrade && !yanks(m, before) {
			return fmt.Errorf("%w: %s, after %s: the publisher yanks %s, or the operator allows it by AllowDowngrade", ErrDowngrade, m.Version, before, before)
		}
	}
	a, ok := m.Artifacts[s.platform]
	if !ok {
		return fmt.Errorf("%w: version %s has none for %s, only for %s", ErrPlatform, m.Version, s.platform, some(slices.Sorted(maps.Keys(m.Artifacts))))
	}
	if slices.Contains(m.Blocked, a.Digest) {
		return fmt.Errorf("%w: %s of version %s: wait for the next release", ErrBlocked, a.Digest.Short(), m.Version)
	}
	return nil
}

func yanks(m release.Manifest, version string) bool {
	return slices.ContainsFunc(m.Yanked, func(v string) bool { return release.CompareVersions(v, version) == 0 })
}

// awaitTurn looks at the rollout. A host whose program is blocked does not wait.
func (s *Signed) awaitTurn(ctx context.Context, t told) error {
	r := t.manifest.Rollout
	if r == nil || t.manifest.Urgent || s.every {
		return nil
	}
	notYet := &NotYetError{Percent: r.At(t.now)}
	if s.slot != nil {
		notYet.Slot = *s.slot
	} else {
		notYet.Slot = r.Slot(machineID(s.host.MachineID))
	}
	if notYet.Slot < notYet.Percent {
		return nil
	}
	if len(t.manifest.Blocked) == 0 || s.host.Installed == nil {
		return notYet
	}
	installed, err := s.host.Installed(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("%w; whether the installed program is blocked is not known: %w", notYet, err)
	case slices.Contains(t.manifest.Blocked, installed):
		return nil
	}
	return notYet
}

// letIn remembers the version. Another master that shares the record may have
// seen a newer manifest meanwhile.
func (s *Signed) letIn(ctx context.Context, t told) error {
	return s.update(ctx, func(rec *record) error {
		if now := (seen{Seq: t.manifest.Seq, Manifest: t.digest}); rec.Channels[s.channel] != now {
			return fmt.Errorf("%w: a newer one than manifest %d was seen meanwhile: it is asked about next", ErrReplay, t.manifest.Seq)
		}
		rec.Version = t.manifest.Version
		return nil
	})
}
