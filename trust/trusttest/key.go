package trusttest

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"testing"

	"aead.dev/minisign"
)

// A Key signs.
type Key struct {
	public  minisign.PublicKey
	private minisign.PrivateKey
}

// NewKey makes a key pair.
func NewKey(tb testing.TB) *Key {
	tb.Helper()
	public, private, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatalf("trusttest: make a key: %v", err)
	}
	return &Key{public: public, private: private}
}

// Public returns the public key as minisign's one line.
func (k *Key) Public() string { return k.public.String() }

// ID returns the key's ID as minisign shows it.
func (k *Key) ID() string { return fmt.Sprintf("%016X", k.public.ID()) }

// Sign makes a signature as minisign does today: of the hash of data.
func (k *Key) Sign(data []byte) []byte {
	r := minisign.NewReader(bytes.NewReader(data))
	io.Copy(io.Discard, r) // from memory
	return r.Sign(k.private)
}

// SignLegacy makes a signature as minisign -l does: of data itself.
func (k *Key) SignLegacy(data []byte) []byte { return minisign.Sign(k.private, data) }
