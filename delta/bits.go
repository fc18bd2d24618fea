package delta

import mathbits "math/bits"

// bits is a set of positions.
type bits []uint64

func newBits(n int) bits { return make(bits, (n+63)/64) }

func (b bits) set(i int32) { b[i>>6] |= 1 << (i & 63) }

func (b bits) clear(i int32) { b[i>>6] &^= 1 << (i & 63) }

func (b bits) has(i int32) bool { return b[i>>6]&(1<<(i&63)) != 0 }

// each calls f for each position, in order.
func (b bits) each(f func(int32)) {
	for k, w := range b {
		for ; w != 0; w &= w - 1 {
			f(int32(k<<6 + mathbits.TrailingZeros64(w)))
		}
	}
}
