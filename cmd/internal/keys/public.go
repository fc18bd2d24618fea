package keys

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"aead.dev/minisign"
)

// A Public key checks signatures. The zero Public is none.
type Public struct{ key minisign.PublicKey }

// ParsePublic reads a key in the form of one line (RW…) or of a whole file.
func ParsePublic(text string) (Public, error) {
	var p Public
	if err := p.key.UnmarshalText([]byte(strings.TrimSpace(text))); err != nil {
		return Public{}, fmt.Errorf("read public key %.80q: want minisign's form, a line that begins with RW: %w", text, err)
	}
	return p, nil
}

// ReadPublic takes what a person gives for a public key: its line, or the path
// of its file.
func ReadPublic(given string) (Public, error) {
	p, err := ParsePublic(given)
	if err == nil {
		return p, nil
	}
	text, readErr := readSmall(given)
	if errors.Is(readErr, os.ErrNotExist) {
		return Public{}, fmt.Errorf("public key %.80q: neither a key (RW…) nor a file", given)
	}
	if readErr != nil {
		return Public{}, fmt.Errorf("read public key: %w", readErr)
	}
	if p, err = ParsePublic(string(text)); err != nil {
		return Public{}, fmt.Errorf("%q: %w", given, err)
	}
	return p, nil
}

// ID is the name of the key as minisign shows it: 16 hexadecimal digits, upper
// case. It proves nothing: whoever wants can make a key of the same ID.
func (p Public) ID() string { return formatID(p.key.ID()) }

// String is the key in one line.
func (p Public) String() string { return p.key.String() }

// Equal reports whether both are the same key, not only of the same ID.
func (p Public) Equal(q Public) bool { return p.key.Equal(q.key) }

func formatID(id uint64) string { return fmt.Sprintf("%016X", id) }

const maxKeyFile = 4 << 10

// readSmall reads a file that holds a key or a password.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // only read
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxKeyFile {
		return nil, fmt.Errorf("read %q: more than %d bytes: this is another kind of file", path, maxKeyFile)
	}
	return text, nil
}
