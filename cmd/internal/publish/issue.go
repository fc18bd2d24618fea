package publish

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
	"github.com/seed-3d078585/overseer/release"
)

// Issued is a manifest that was published or signed.
type Issued struct {
	Channel string         `json:"channel"`
	Version string         `json:"version"`
	Seq     uint64         `json:"seq"`
	Issued  time.Time      `json:"issued"`
	Expires time.Time      `json:"expires"`
	Digest  release.Digest `json:"manifest_sha256"`

	// Missing signatures: until they are added no host upgrades by it.
	Missing int `json:"missing_signatures"`

	// Changed is false where everything was so already.
	Changed bool `json:"changed"`
}

// A How says in what way a manifest is issued.
type How struct {
	Signers []keys.Secret
	Expires Period // default: that of the settings
	MinSeq  uint64 // 0: as before
}

// issue makes m the manifest of its channel: what it names, its signatures and
// the history are on the disk before it is renamed into place. Seq, the times,
// and what was withdrawn before are filled in.
func (d *Directory) issue(s *state, m release.Manifest, how How) (Issued, error) {
	a, err := d.admit(s, how.Signers)
	if err != nil {
		return Issued{}, err
	}
	if err := d.complete(s, &m, how); err != nil {
		return Issued{}, err
	}
	data, err := m.Encode()
	if err != nil {
		return Issued{}, err
	}
	if m, err = release.ParseManifest(data); err != nil { // what a host will do
		return Issued{}, err
	}
	raw := sign(data, how.Signers, manifestComment(m))
	if err := d.disk.write(signatureName(digestOf(data)), raw); err != nil {
		return Issued{}, err
	}
	if now, ok := s.current[m.Channel]; ok {
		if err := d.keep(now); err != nil {
			return Issued{}, err
		}
	}
	if err := d.disk.write(manifestName(m.Channel), data); err != nil {
		return Issued{}, err
	}
	parsed, err := keys.Split(raw)
	if err != nil {
		return Issued{}, err
	}
	s.remember(signed{Manifest: m, data: data, signatures: parsed, rawSigs: raw})
	if err := d.copySignatures(manifestName(m.Channel), raw); err != nil {
		return Issued{}, err
	}
	return d.report(m, data, a.missing(data, parsed)), nil
}

func (d *Directory) report(m release.Manifest, data []byte, missing int) Issued {
	if missing > 0 {
		d.sayf("%d more signature(s) are needed before a host upgrades: overseer release sign", missing)
	}
	return Issued{m.Channel, m.Version, m.Seq, m.Issued, m.Expires, digestOf(data), missing, true}
}

// unchanged is what is said of a manifest that needed nothing.
func unchanged(m signed) Issued {
	return Issued{Channel: m.Channel, Version: m.Version, Seq: m.Seq, Issued: m.Issued, Expires: m.Expires, Digest: m.digest()}
}

// complete fills in what the directory knows better than the caller.
func (d *Directory) complete(s *state, m *release.Manifest, how How) error {
	expires := how.Expires
	if expires == 0 {
		expires = s.Expires
	}
	m.Product, m.Seq = s.Product, s.next()
	m.Issued = d.clock()
	m.Expires = m.Issued.Add(expires.Duration())
	for _, channel := range s.channels() {
		if last := s.current[channel].Issued; m.Issued.Before(last) {
			return fmt.Errorf("the clock says %v, and channel %s was issued at %v: set the clock right", m.Issued, channel, last)
		}
	}
	yanked, blocked := s.withdrawn()
	m.Yanked, m.Blocked = unite(append(yanked, m.Yanked...)), uniteDigests(append(blocked, m.Blocked...))
	if wrong(*m, m.Yanked, m.Blocked) {
		return fmt.Errorf("%w: %s was withdrawn: finish that by overseer release yank DIR %s, or publish a higher version", ErrRefused, m.Version, m.Version)
	}
	if now, ok := s.current[m.Channel]; ok {
		m.MinSeq = max(m.MinSeq, now.MinSeq)
	}
	if how.MinSeq == 0 {
		return nil
	}
	m.MinSeq = max(m.MinSeq, how.MinSeq)
	for _, channel := range s.channels() {
		if channel != m.Channel && s.current[channel].Seq < m.MinSeq {
			d.sayf("hosts of channel %s refuse its manifest now, as its seq %d is below %d: publish it again", channel, s.current[channel].Seq, m.MinSeq)
		}
	}
	return nil
}

// keep puts the bytes of a manifest into history.
func (d *Directory) keep(m signed) error {
	name := historyName(m.Channel, m.Seq)
	old, err := d.disk.read(name, release.MaxManifest)
	if err == nil && bytes.Equal(old, m.data) {
		return nil
	}
	return d.disk.write(name, m.data)
}

// remember makes m the current manifest of the state.
func (s *state) remember(m signed) {
	if now, ok := s.current[m.Channel]; ok {
		s.past[m.Channel] = append([]signed{now}, s.past[m.Channel]...)
	}
	s.current[m.Channel] = m
}

func sign(data []byte, signers []keys.Secret, comment string) (raw []byte) {
	for i, k := range signers {
		if !signedBefore(signers[:i], k) {
			raw = append(raw, k.Sign(data, comment)...)
		}
	}
	return raw
}

func signedBefore(signers []keys.Secret, k keys.Secret) bool {
	for _, other := range signers {
		if other.Public().Equal(k.Public()) {
			return true
		}
	}
	return false
}

// manifestComment is signed with a manifest, and shown by minisign -V.
func manifestComment(m release.Manifest) string {
	return fmt.Sprintf("%s %s seq %d version %s", m.Product, m.Channel, m.Seq, m.Version)
}

func digestOf(data []byte) release.Digest { return sha256.Sum256(data) }
