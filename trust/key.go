package trust

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"aead.dev/minisign"

	"github.com/seed-3d078585/overseer/release"
)

// A key is a public key. Its ID is a name that anybody can give to a key of
// their own, so it serves to find a key and for messages, never to trust one.
type key struct {
	public  minisign.PublicKey
	line    string // RW…: of each key there is one such line
	id      string // as minisign shows it
	point   string // the Ed25519 key itself, without its ID
	expires time.Time
}

// readKey reads minisign's one line, or the text of a .pub file.
func readKey(text string) (key, error) {
	var public minisign.PublicKey
	if err := public.UnmarshalText([]byte(strings.TrimSpace(text))); err != nil {
		return key{}, fmt.Errorf("%.80q is no public key of minisign: want its line of 56 characters from RW on, or the whole text of the .pub file: %w", text, err)
	}
	k := key{public: public, line: public.String(), id: keyID(public.ID())}
	raw, err := base64.StdEncoding.DecodeString(k.line)
	if err != nil {
		return key{}, fmt.Errorf("key %s: %w", k.id, err)
	}
	k.point = string(raw[len(raw)-32:])
	if isWeak(k.point) {
		return key{}, fmt.Errorf("key %s is one that anybody can sign for: put in the real one, of minisign -G", k.id)
	}
	return k, nil
}

func keyID(id uint64) string { return fmt.Sprintf("%016X", id) }

// smallOrder are the encodings of the points of a small order, the sign left
// out: where one is the key, signatures can be made without a secret. Zeros,
// which somebody may have left in place of a key, are among them. The first two
// are the points of order 8; the rest is 0, 1 and -1, modulo 2^255-19 and as
// encodings above it.
var smallOrder = [...]string{
	"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
	"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
	"\x00" + zeros30 + "\x00",
	"\x01" + zeros30 + "\x00",
	"\xec" + ones30 + "\x7f",
	"\xed" + ones30 + "\x7f",
	"\xee" + ones30 + "\x7f",
}

const (
	zeros30 = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
	ones30  = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
)

func isWeak(point string) bool {
	last := len(point) - 1
	return slices.Contains(smallOrder[:], point[:last]+string([]byte{point[last] & 0x7f}))
}

// readKeys reads keys that are to count one by one. The same line again is one
// key; two that share an ID or, under two IDs, the key itself, are a mistake or
// worse.
func readKeys(texts []string) ([]key, error) {
	var all []key
	var wrong []error
	for _, text := range texts {
		k, err := readKey(text)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		i := slices.IndexFunc(all, func(other key) bool { return other.id == k.id || other.point == k.point })
		switch {
		case i < 0:
			all = append(all, k)
		case all[i].line != k.line:
			wrong = append(wrong, fmt.Errorf("keys %q and %q have the same ID, or are the same key under two IDs: leave one out", all[i].line, k.line))
		}
	}
	return all, errors.Join(wrong...)
}

// A ring is the keys that may sign something, and how many have to.
type ring struct {
	keys      []key
	revoked   []string // IDs
	threshold int
}

// ringOf makes the ring of a key list.
func ringOf(l release.KeyList) (ring, error) {
	lines := make([]string, len(l.Keys))
	for i, k := range l.Keys {
		lines[i] = k.Public
	}
	keys, err := readKeys(lines)
	if err != nil {
		return ring{}, fmt.Errorf("%w: list %d: %w", ErrKeyList, l.Seq, err)
	}
	for i := range keys {
		keys[i].expires = l.Keys[i].Expires
	}
	return ring{keys: keys, revoked: l.Revoked, threshold: l.Threshold}, nil
}

// ids lists the keys for a message.
func (r ring) ids() string {
	var all []string
	for _, k := range r.keys {
		if !slices.Contains(r.revoked, k.id) {
			all = append(all, k.id)
		}
	}
	return some(all)
}

// some joins the first few.
func some(ids []string) string {
	const few = 8
	if len(ids) == 0 {
		return "none"
	}
	if len(ids) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(ids[:few], ", "), len(ids)-few)
	}
	return strings.Join(ids, ", ")
}
