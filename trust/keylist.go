package trust

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// signers returns the ring of those who may sign a manifest now. With root keys
// it is that of the newest key list, which the record remembers from then on. It
// returns the time that the list proves, too.
//
// The list's own time counts for it, and not that of manifests: a thief of a
// release key could set that far ahead, and with it every list that takes his
// key back past its time.
func (s *Signed) signers(rec *record, st release.Statement, now time.Time) (ring, time.Time, error) {
	if !s.root {
		return ring{keys: s.keys, threshold: s.threshold}, now, nil
	}
	list, err := s.newestList(rec, st, now)
	if err != nil {
		return ring{}, now, err
	}
	now = later(now, list.Issued)
	if !now.Before(list.Expires) {
		return ring{}, now, fmt.Errorf("%w: list %d expired %s, and it is %s: the holders of the root keys publish a new one; if it is not, look at the clock of this host",
			ErrKeyListExpired, list.Seq, stamp(list.Expires), stamp(now))
	}
	r, err := ringOf(list)
	return r, now, err
}

// newestList is the one remembered or, where it is newer, the one that came.
func (s *Signed) newestList(rec *record, st release.Statement, now time.Time) (release.KeyList, error) {
	known, ok := s.rememberedList(rec, now)
	if len(st.Keys) == 0 || ok && bytes.Equal(st.Keys, rec.Keys) {
		if !ok {
			return known, fmt.Errorf("%w: none came with the manifest, and none was seen before: has the publisher put keys.json beside it?", ErrKeyList)
		}
		return known, nil
	}
	came, err := s.readList(st.Keys, st.KeysSignatures, known.Revoked, now)
	switch {
	case err != nil:
		return known, err
	case came.Product != s.product:
		return known, fmt.Errorf("%w: the list of release keys is of %q, this program is %q", ErrProduct, came.Product, s.product)
	case ok && came.Seq < known.Seq:
		return known, nil
	case ok && came.Seq == known.Seq:
		return known, fmt.Errorf("%w: list %d of the release keys differs from the one seen first: the holders of the root keys publish one with a higher seq", ErrEquivocation, came.Seq)
	}
	if _, err := ringOf(came); err != nil {
		return known, err
	}
	rec.Keys, rec.KeysSignatures = st.Keys, st.KeysSignatures
	return came, nil
}

// rememberedList returns the list of the record where the root keys of this
// program have signed it. One of other root keys is as good as none.
func (s *Signed) rememberedList(rec *record, now time.Time) (release.KeyList, bool) {
	if rec.Keys == nil {
		return release.KeyList{}, false
	}
	list, err := s.readList(rec.Keys, rec.KeysSignatures, nil, now)
	if err != nil {
		return release.KeyList{}, false
	}
	return list, true
}

// readList checks the signatures of root keys, except those revoked, before it
// parses.
func (s *Signed) readList(data, signatures []byte, revoked []string, now time.Time) (release.KeyList, error) {
	if len(data) > release.MaxKeys {
		return release.KeyList{}, fmt.Errorf("%w: key list of %d bytes, more than the %d allowed", release.ErrFormat, len(data), release.MaxKeys)
	}
	roots := ring{keys: s.keys, revoked: revoked, threshold: s.threshold}
	if _, err := roots.verify(data, signatures, now); errors.Is(err, release.ErrFormat) {
		return release.KeyList{}, err
	} else if err != nil {
		return release.KeyList{}, fmt.Errorf("%w: %w", ErrKeyListSignature, err)
	}
	return release.ParseKeyList(data)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
