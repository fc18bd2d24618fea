package keys

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"aead.dev/minisign"
)

// ErrPassword is a password that is wrong, or missing.
var ErrPassword = errors.New("password")

// A Secret key signs.
type Secret struct {
	key  minisign.PrivateKey
	path string
}

// ReadSecret reads the key in a file and asks for its password where it has one.
// It takes a second and a gigabyte of memory then: that is what guessing costs.
//
// Errors that can be matched: [ErrPassword], those of [os.Open].
func ReadSecret(path string, ask Passwords) (Secret, error) {
	text, err := readSmall(path)
	if err != nil {
		return Secret{}, fmt.Errorf("read secret key: %w", err)
	}
	s := Secret{path: path}
	if !minisign.IsEncrypted(text) {
		if err := s.key.UnmarshalText(text); err != nil {
			return Secret{}, fmt.Errorf("read secret key %q: want the file that keygen or minisign -G wrote: %w", path, err)
		}
		return s, nil
	}
	for _, password := range ask.Known {
		if s.key, err = minisign.DecryptKey(password, text); err == nil {
			return s, nil
		}
	}
	if ask.Ask == nil {
		return Secret{}, fmt.Errorf("read secret key %q: %w: %s", path, ErrPassword, ask.missing())
	}
	password, err := ask.Ask(fmt.Sprintf("Password of %s: ", path))
	if err != nil {
		return Secret{}, fmt.Errorf("read secret key %q: %w", path, err)
	}
	if s.key, err = minisign.DecryptKey(password, text); err != nil {
		return Secret{}, fmt.Errorf("read secret key %q: %w: it is not the one of this key", path, ErrPassword)
	}
	return s, nil
}

// Public is the other half of the key.
func (s Secret) Public() Public {
	p, _ := s.key.Public().(minisign.PublicKey) // its documented type
	return Public{p}
}

// Sign returns the signature of a message: four lines. The comment is signed
// too; it is of one line. The message is hashed before it is signed, as minisign
// does by itself.
func (s Secret) Sign(message []byte, comment string) []byte {
	r := minisign.NewReader(bytes.NewReader(message))
	io.Copy(io.Discard, r) // from memory to nowhere: it does not fail
	return r.SignWithComments(s.key, comment, "signature of key "+s.Public().ID())
}

// String names the key without giving it away.
func (s Secret) String() string { return fmt.Sprintf("%s (%s)", s.path, s.Public().ID()) }
