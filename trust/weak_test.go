package trust_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"testing"

	"github.com/seed-3d078585/overseer/trust"
)

// TestWeakKeys: there are keys for which anybody can sign. That they are weak is
// shown by a signature made of nothing, which is valid for one message in eight
// or more; that each is refused, in both of its signs, is the promise.
func TestWeakKeys(t *testing.T) {
	nothing := make([]byte, ed25519.SignatureSize)
	nothing[0] = 1 // the neutral point, and a scalar of 0
	for _, y := range []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	} {
		point, err := hex.DecodeString(y)
		if err != nil {
			t.Fatal(err)
		}
		for _, sign := range []byte{0, 0x80} {
			point[31] = point[31]&0x7f | sign
			forged := 0
			for i := range 256 {
				if ed25519.Verify(point, []byte{byte(i)}, nothing) {
					forged++
				}
			}
			if forged == 0 && sign == 0 {
				t.Errorf("%x: no signature of nothing is valid: is it weak?", point)
			}
			key := base64.StdEncoding.EncodeToString(append([]byte("Ed12345678"), point...))
			if err := trust.Minisign(key).For("app", "stable").Check(); err == nil {
				t.Errorf("%x: %d of 256 forgeries are valid, and the key is taken", point, forged)
			}
		}
	}
}
