package delta

import (
	"context"
	"encoding/binary"
	mathbits "math/bits"
)

// An index finds in a text the longest match of other bytes.
type index struct {
	text   []byte
	sa     []int32
	bucket []int32 // by the first two bytes, the first suffix that begins with them
}

// newIndex sorts the suffixes of text into sa, which is as long.
func newIndex(ctx context.Context, text []byte, sa []int32) (*index, error) {
	if err := suffixArray(ctx, text, sa); err != nil {
		return nil, err
	}
	x := &index{text: text, sa: sa, bucket: make([]int32, 1<<16+1)}
	// A suffix of one byte is the first that begins with it: count it to
	// the pair before.
	for i := range text {
		if i+1 < len(text) {
			x.bucket[int(text[i])<<8|int(text[i+1])]++
		}
	}
	sum := int32(0)
	for pair, n := range x.bucket {
		if len(text) > 0 && pair == int(text[len(text)-1])<<8 {
			sum++
		}
		x.bucket[pair] = sum
		sum += n
	}
	return x, nil
}

// longest returns where in the text the longest match of the beginning of b
// lies, and how long it is. Matches shorter than two bytes are none.
func (x *index) longest(b []byte) (pos, length int) {
	if len(b) < 2 {
		return 0, 0
	}
	pair := int(b[0])<<8 | int(b[1])
	lo, hi := int(x.bucket[pair]), int(x.bucket[pair+1])
	if pair&0xff == 0xff && len(x.text) > 0 && int(x.text[len(x.text)-1])<<8 == pair+1 {
		hi-- // the suffix of one byte that begins the next bucket
	}
	// All suffixes in [lo, hi) share two bytes with b. lcpLo is what b shares
	// with the suffix before lo, lcpHi with the one at hi.
	lcpLo, lcpHi := 2, 2
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		at := int(x.sa[mid])
		n := min(lcpLo, lcpHi)
		n += shared(x.text[at+n:], b[n:])
		if n > length {
			pos, length = at, n
		}
		if n == len(b) {
			break
		}
		if at+n == len(x.text) || x.text[at+n] < b[n] {
			lo, lcpLo = mid+1, n
		} else {
			hi, lcpHi = mid, n
		}
	}
	return pos, length
}

// shared returns the length of the longest common beginning of a and b.
func shared(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for ; i+8 <= n; i += 8 {
		if d := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); d != 0 {
			return i + mathbits.TrailingZeros64(d)/8
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}
