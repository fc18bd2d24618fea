package keys

import (
	"fmt"
	"os"
	"strings"

	"aead.dev/minisign"
)

// PublicPath is where the public half of a secret key's file stands: release.pub
// beside release.key.
func PublicPath(path string) string { return strings.TrimSuffix(path, ".key") + ".pub" }

// Generate makes a pair of keys: the secret one at path, readable by its owner
// only, and the public one at [PublicPath]. An empty password protects nothing.
// Where one of the two files is there already, nothing is written and the error
// matches [os.ErrExist].
func Generate(path, password string) (Public, error) {
	public, private, err := minisign.GenerateKey(nil)
	if err != nil {
		return Public{}, fmt.Errorf("make a key: %w", err)
	}
	text, err := private.MarshalText()
	if password != "" {
		text, err = minisign.EncryptKey(password, private)
	}
	if err != nil {
		return Public{}, fmt.Errorf("make a key: %w", err)
	}
	p := Public{public}
	if err := writeNew(path, append(text, '\n'), 0o600); err != nil {
		return Public{}, err
	}
	open := fmt.Sprintf("untrusted comment: minisign public key %s\n%s\n", p.ID(), p)
	if err := writeNew(PublicPath(path), []byte(open), 0o644); err != nil {
		os.Remove(path) // half a pair is none
		return Public{}, err
	}
	return p, nil
}

// Free reports, before a password is asked for, that a pair may be written.
func Free(path string) error {
	for _, p := range []string{path, PublicPath(path)} {
		if _, err := os.Lstat(p); err == nil {
			return fmt.Errorf("write key: %w: a key is never overwritten; take another -o", &os.PathError{Op: "create", Path: p, Err: os.ErrExist})
		}
	}
	return nil
}

// writeNew writes a file that must not be there, and leaves nothing on failure.
func writeNew(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return fmt.Errorf("write key: %w", err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(path)
		return fmt.Errorf("write key: %w", err)
	}
	return nil
}
