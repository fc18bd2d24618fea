package release

import (
	"fmt"
	"strings"
	"time"
)

// A KeyList names the keys that may sign manifests. It is signed itself, by the
// root keys that a host was built with, which can stay offline: so release keys
// come and go without touching an installed program.
type KeyList struct {
	// Format and Critical are as in [Manifest].
	Format   int      `json:"format"`
	Critical []string `json:"critical,omitempty"`

	Product string `json:"product"`

	// Seq grows with each list of the product; a host refuses one below the
	// highest it has seen.
	Seq uint64 `json:"seq"`

	Issued  time.Time `json:"issued"`
	Expires time.Time `json:"expires"`

	// Threshold is how many of Keys must have signed a manifest. At least 1.
	Threshold int   `json:"threshold"`
	Keys      []Key `json:"keys"`

	// Revoked are IDs of keys, as minisign shows them (16 hexadecimal digits,
	// upper case). What they sign counts no more, whoever else names them:
	// release keys in manifests, and root keys in the lists that follow.
	Revoked []string `json:"revoked,omitempty"`
}

// A Key is a release key.
type Key struct {
	// Public is the key as minisign writes it in one line: 56 characters from
	// RW on.
	Public string `json:"public"`

	// Expires is when its signatures stop to count. Zero: with the list.
	Expires time.Time `json:"expires,omitzero"`

	Comment string `json:"comment,omitempty"`
}

const maxListed = 256

// ParseKeyList reads and checks the form of a key list. It says nothing of who
// wrote it, nor whether its keys are any.
//
// Errors that can be matched: [ErrFormat], [ErrCritical].
func ParseKeyList(data []byte) (KeyList, error) {
	var l KeyList
	if err := read(data, MaxKeys, membersOf(l), &l); err != nil {
		return KeyList{}, fmt.Errorf("read key list: %w", err)
	}
	if err := l.Check(); err != nil {
		return KeyList{}, fmt.Errorf("read key list: %w", err)
	}
	return l, nil
}

// Encode checks the list and writes it, the same each time, ending with a
// newline. What it writes [ParseKeyList] reads.
//
// Errors that can be matched: [ErrFormat], [ErrCritical].
func (l KeyList) Encode() ([]byte, error) {
	l.Format = formatVersion
	if err := l.Check(); err != nil {
		return nil, fmt.Errorf("write key list: %w", err)
	}
	data, err := encode(l, MaxKeys)
	if err != nil {
		return nil, fmt.Errorf("write key list: %w", err)
	}
	if _, err := ParseKeyList(data); err != nil {
		return nil, fmt.Errorf("write key list: %w", err)
	}
	return data, nil
}

// Check reports what is wrong with the form of a list; the error matches
// [ErrFormat].
func (l KeyList) Check() error {
	switch {
	case !isName(l.Product):
		return wrong("product %.40q: %s", l.Product, nameRule)
	case l.Seq == 0 || l.Seq > maxNumber:
		return wrong("seq %d: want 1 to %d", l.Seq, uint64(maxNumber))
	case !inOrder(l.Issued, l.Expires):
		return wrong("issued %v, expires %v: want both, in this order", l.Issued, l.Expires)
	case len(l.Keys) == 0 || len(l.Keys) > maxListed || len(l.Revoked) > maxListed:
		return wrong("%d keys, %d revoked: want 1 to %d keys, and no more revoked", len(l.Keys), len(l.Revoked), maxListed)
	case l.Threshold < 1 || l.Threshold > len(l.Keys):
		return wrong("threshold %d of %d keys: want 1 to all", l.Threshold, len(l.Keys))
	}
	seen := map[string]bool{}
	for _, k := range l.Keys {
		if err := k.check(); err != nil {
			return err
		}
		if seen[k.Public] {
			return wrong("key %q appears twice", k.Public)
		}
		seen[k.Public] = true
	}
	for _, id := range l.Revoked {
		if len(id) != keyIDLen || strings.Trim(id, "0123456789ABCDEF") != "" {
			return wrong("revoked %.40q: want the ID of a key, %d hexadecimal digits in upper case", id, keyIDLen)
		}
	}
	return nil
}

const (
	keyLen       = 56 // the base64 of 42 bytes, which leaves no bits over: each key has one spelling
	keyIDLen     = 16
	keyPrefix    = "RW"
	base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
)

func (k Key) check() error {
	switch {
	case len(k.Public) != keyLen || !strings.HasPrefix(k.Public, keyPrefix) || strings.Trim(k.Public, base64Digits) != "":
		return wrong("key %.80q: want minisign's one line, %d characters from %s on", k.Public, keyLen, keyPrefix)
	case !k.Expires.IsZero() && !isMoment(k.Expires):
		return wrong("key %q: expires %v: that is no moment of our time", k.Public, k.Expires)
	case len(k.Comment) > maxName || !isPrintable(k.Comment):
		return wrong("key %q: comment of %d bytes: want %d at most, printable", k.Public, len(k.Comment), maxName)
	}
	return nil
}
