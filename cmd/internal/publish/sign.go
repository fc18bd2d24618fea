package publish

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
	"github.com/seed-3d078585/overseer/release"
)

// Sign adds signatures to the current manifest of a channel, for hosts that want
// those of several keys. A key that has signed already changes nothing.
//
// Errors that can be matched: [ErrKey], [ErrBusy], [ErrState].
func (d *Directory) Sign(ctx context.Context, channel string, signers []keys.Secret) (Issued, error) {
	var issued Issued
	err := d.change(ctx, func(s *state) error {
		if channel == "" {
			channel = s.Channel
		}
		m, err := s.at(channel)
		if err != nil {
			return err
		}
		a, err := d.admit(s, signers)
		if err != nil {
			return err
		}
		m, changed, err := d.addSignatures(s, m, signers)
		if err != nil {
			return err
		}
		issued = d.report(m.Manifest, m.data, a.missing(m.data, m.signatures))
		issued.Changed = changed
		return nil
	})
	if err != nil {
		return Issued{}, fmt.Errorf("sign: %w", err)
	}
	return issued, nil
}

// addSignatures adds those of keys that have not signed m yet, and reports
// whether there were any.
func (d *Directory) addSignatures(s *state, m signed, signers []keys.Secret) (signed, bool, error) {
	raw := m.rawSigs
	for i, k := range signers {
		if len(keys.Signers(m.data, m.signatures, []keys.Public{k.Public()})) > 0 || signedBefore(signers[:i], k) {
			continue
		}
		raw = append(raw[:len(raw):len(raw)], k.Sign(m.data, manifestComment(m.Manifest))...)
	}
	if len(raw) == len(m.rawSigs) {
		return m, false, nil
	}
	if len(raw) > release.MaxSignatures {
		return m, false, errors.New("a host would not read so many signatures")
	}
	if err := d.disk.write(signatureName(m.digest()), raw); err != nil {
		return m, false, err
	}
	parsed, err := keys.Split(raw)
	if err != nil {
		return m, false, err
	}
	m.rawSigs, m.signatures = raw, parsed
	s.current[m.Channel] = m
	return m, true, d.copySignatures(manifestName(m.Channel), raw)
}
