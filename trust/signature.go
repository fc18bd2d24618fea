package trust

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"aead.dev/minisign"

	"github.com/seed-3d078585/overseer/release"
)

// maxBlocks bounds the work that signatures can ask for.
const maxBlocks = 64

// A block is one signature: four lines. The form is that of
// https://jedisct1.github.io/minisign/.
type block struct {
	text []byte
	id   string // of the key, as the block claims
}

// readBlocks tells the signatures of a file apart. A block begins with its
// untrusted comment. One that cannot be read, such as one of a kind to come, is
// as good as not there.
func readBlocks(text []byte) ([]block, error) {
	if len(text) > release.MaxSignatures {
		return nil, fmt.Errorf("%w: signatures of %d bytes, more than the %d allowed", release.ErrFormat, len(text), release.MaxSignatures)
	}
	lines := bytes.Split(text, []byte("\n"))
	var all []block
	for i := 0; i+4 <= len(lines); i++ {
		if !bytes.HasPrefix(lines[i], []byte("untrusted comment:")) {
			continue
		}
		var s minisign.Signature
		text := bytes.Join(lines[i:i+4], []byte("\n"))
		if err := s.UnmarshalText(text); err != nil {
			continue
		}
		if all = append(all, block{text: text, id: keyID(s.KeyID)}); len(all) > maxBlocks {
			return nil, fmt.Errorf("%w: more than %d signatures", release.ErrFormat, maxBlocks)
		}
	}
	return all, nil
}

// verify returns the IDs of the keys that have signed data and count, or an
// error where they are too few. minisign.Verify checks the signature of the
// trusted comment too, and takes both of minisign's algorithms.
//
// Errors that can be matched: [ErrUnsigned], [ErrSignature], [ErrThreshold],
// [ErrRevoked], [ErrKeyExpired], [release.ErrFormat].
func (r ring) verify(data, signatures []byte, now time.Time) ([]string, error) {
	if len(bytes.TrimSpace(signatures)) == 0 {
		return nil, fmt.Errorf("%w: it came without a signature: has the publisher put the .minisig file beside it?", ErrUnsigned)
	}
	blocks, err := readBlocks(signatures)
	if err != nil {
		return nil, err
	}
	var by, revoked, expired []string
	for _, k := range r.keys {
		if !slices.ContainsFunc(blocks, func(b block) bool {
			return b.id == k.id && minisign.Verify(k.public, data, b.text)
		}) {
			continue
		}
		switch {
		case slices.Contains(r.revoked, k.id):
			revoked = append(revoked, k.id)
		case !k.expires.IsZero() && !now.Before(k.expires):
			expired = append(expired, k.id)
		default:
			by = append(by, k.id)
		}
	}
	if len(by) >= r.threshold {
		return by, nil
	}
	return nil, r.tooFew(len(by), blocks, revoked, expired)
}

// tooFew says why. A revoked key is on the ring no more, as a rule, so that its
// signature cannot be checked: its ID is enough for a refusal.
func (r ring) tooFew(n int, blocks []block, revoked, expired []string) error {
	var signed []string
	for _, b := range blocks {
		if !slices.Contains(signed, b.id) {
			signed = append(signed, b.id)
		}
		if slices.Contains(r.revoked, b.id) && !slices.Contains(revoked, b.id) {
			revoked = append(revoked, b.id)
		}
	}
	facts := fmt.Sprintf("signatures name %s; %d of these would have to sign: %s", some(signed), r.threshold, r.ids())
	switch {
	case len(revoked) > 0:
		return fmt.Errorf("%w, %s (%s): the publisher signs again with another key", ErrRevoked, some(revoked), facts)
	case len(expired) > 0:
		return fmt.Errorf("%w, %s (%s): the publisher signs again with another key, or lists this one for longer", ErrKeyExpired, some(expired), facts)
	case n > 0:
		return fmt.Errorf("%w: %d of %d (%s): another key signs it too", ErrThreshold, n, r.threshold, facts)
	default:
		return fmt.Errorf("%w (%s): it was signed by somebody else, or changed since, or this program was built with another key", ErrSignature, facts)
	}
}
