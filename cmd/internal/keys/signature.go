package keys

import (
	"bytes"
	"errors"
	"fmt"

	"aead.dev/minisign"
)

// ErrSignatures is a file of signatures that is not in the form of minisign.
var ErrSignatures = errors.New("not in the form of minisign signatures")

// maxSignatures in one file are far more than anybody has keys.
const maxSignatures = 64

// A Signature is one of a file.
type Signature struct {
	// ID is that of the key which is said to have made it.
	ID string

	// Comment is the trusted one: proven together with the signature.
	Comment string

	block []byte
}

// Split takes a file of signatures, one block of four lines after another,
// apart.
//
// Errors that can be matched: [ErrSignatures].
func Split(data []byte) (all []Signature, err error) {
	const linesOfBlock = 4
	for rest := data; len(bytes.TrimSpace(rest)) > 0; {
		end := 0
		for range linesOfBlock {
			n := bytes.IndexByte(rest[end:], '\n')
			if n < 0 {
				n = len(rest[end:]) - 1
			}
			end += n + 1
		}
		var s minisign.Signature
		if err := s.UnmarshalText(rest[:end]); err != nil {
			return nil, fmt.Errorf("%w: block %d: %w", ErrSignatures, len(all)+1, err)
		}
		if len(all) == maxSignatures {
			return nil, fmt.Errorf("%w: more than %d blocks", ErrSignatures, maxSignatures)
		}
		all = append(all, Signature{ID: formatID(s.KeyID), Comment: s.TrustedComment, block: rest[:end]})
		rest = rest[end:]
	}
	return all, nil
}

// By reports whether the key has made the signature over message, trusted
// comment included.
func (s Signature) By(key Public, message []byte) bool {
	return minisign.Verify(key.key, message, s.block)
}

// Signers returns those of the keys that have signed message, each once, in
// their order.
func Signers(message []byte, signatures []Signature, of []Public) (signers []Public) {
	for _, key := range of {
		if Contains(signers, key) {
			continue
		}
		for _, s := range signatures {
			if s.ID == key.ID() && s.By(key, message) {
				signers = append(signers, key)
				break
			}
		}
	}
	return signers
}

// Contains reports whether key is among all.
func Contains(all []Public, key Public) bool {
	for _, k := range all {
		if k.Equal(key) {
			return true
		}
	}
	return false
}
