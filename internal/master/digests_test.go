//go:build unix

package master

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"
	"testing/iotest"
)

func TestDigests(t *testing.T) {
	for _, size := range []int{0, 1, piece - 1, piece, piece + 1, 3*piece + 7} {
		data := bytes.Repeat([]byte("overseer"), size/8+1)[:size]
		digest, id, err := digests(iotest.OneByteReader(bytes.NewReader(data)))
		if err != nil || digest != sha256.Sum256(data) || id != fmt.Sprintf("%x", sha1.Sum(data)) {
			t.Errorf("%d bytes: %v, %s, %v, want %x, %x", size, digest, id, err, sha256.Sum256(data), sha1.Sum(data))
		}
	}
	broken := errors.New("broken")
	if _, _, err := digests(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("a broken file: %v, want %v", err, broken)
	}
}
