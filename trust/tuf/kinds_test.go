package tuf_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"testing"

	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/seed-3d078585/overseer/trust/tuf"
)

// A role may have keys of several kinds.
func TestKindsOfKeys(t *testing.T) {
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	first, err := signature.LoadECDSASigner(elliptical, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	second, err := signature.LoadRSAPSSSigner(long, crypto.SHA256, &rsa.PSSOptions{Hash: crypto.SHA256})
	if err != nil {
		t.Fatal(err)
	}
	keys := []key{newKey(t), keyOf(t, first), keyOf(t, second)}
	s := newSite(t)
	for _, role := range []string{"root", "timestamp", "snapshot", "targets"} {
		s.root.Signed.Roles[role].Threshold = len(keys)
		s.rotate(role, keys...)
	}
	s.release(app, one)
	s.accepts(s.start(), one)
	for n := range keys {
		s.keys["timestamp"] = append(append([]key{}, keys[:n]...), keys[n+1:]...)
		s.signTimestamp()
		s.refuses(s.start(), tuf.ErrSignature)
	}
}
