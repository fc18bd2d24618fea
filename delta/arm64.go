package delta

import "encoding/binary"

// arm64 predicts instructions: b and bl, which hold a distance of 26 bits in
// words, and adrp, which holds one of 21 bits in pages, with the instruction
// behind it that adds the rest or loads from there. Arm Architecture Reference
// Manual for A-profile, C6.2.
func (p *predictor) arm64(b []byte, r *addressRange, oldPos, newPos int64, more bool, fix func([]byte) error) (int, error) {
	oldAddr := oldPos - r.oldPos + r.oldAddr
	newAddr := newPos - r.newPos + r.newAddr
	fixed := 0
	i := int(-oldAddr & 3)
	le := binary.LittleEndian
	for ; i+8 <= len(b); i += 4 {
		word := le.Uint32(b[i:])
		at := int64(i)
		switch {
		case word&0x7c000000 == 0x14000000: // b, bl
			old := oldAddr + at + int64(int32(word<<6)>>6)*4
			if !p.where.has(old) {
				continue
			}
			new := p.target(old)
			le.PutUint32(b[i:], word&0xfc000000|uint32((new-newAddr-at)>>2)&0x03ffffff)
			if err := fix(b[fixed : i+4]); err != nil {
				return 0, err
			}
			fixed = i + 4
			word = le.Uint32(b[i:])
			if actual := newAddr + at + int64(int32(word<<6)>>6)*4; actual != new && word&0x7c000000 == 0x14000000 {
				p.learn(old, actual)
			}
		case word&0x9f000000 == 0x90000000: // adrp
			low := le.Uint32(b[i+4:])
			shift, ok := lowBits(low)
			if !ok || low>>5&31 != word&31 {
				continue
			}
			old := pageTarget(oldAddr+at, word, low, shift)
			if !p.where.has(old) {
				continue
			}
			new := p.target(old)
			page := uint32(new>>12 - (newAddr+at)>>12)
			le.PutUint32(b[i:], word&0x9f00001f|page&3<<29|page>>2&0x7ffff<<5)
			le.PutUint32(b[i+4:], low&^(0xfff<<10)|uint32(new&0xfff)>>shift<<10)
			if err := fix(b[fixed : i+8]); err != nil {
				return 0, err
			}
			fixed = i + 8
			word, low = le.Uint32(b[i:]), le.Uint32(b[i+4:])
			if actual := pageTarget(newAddr+at, word, low, shift); actual != new {
				p.learn(old, actual)
			}
			i += 4
		}
	}
	return p.rest(b, fixed, i, more, fix)
}

// lowBits tells whether an instruction adds 12 bits to a page, or loads from or
// stores there, and by how much those bits are shifted.
func lowBits(word uint32) (shift uint, ok bool) {
	switch {
	case word&0xffc00000 == 0x91000000: // add
		return 0, true
	case word&0x3f000000 == 0x39000000: // ldr, str by size
		return uint(word >> 30), true
	}
	return 0, false
}

// pageTarget returns the address that an adrp at a place and the instruction
// behind it make.
func pageTarget(at int64, word, low uint32, shift uint) int64 {
	page := int64(int32(word>>5&0x7ffff<<13)>>11 | int32(word>>29&3))
	return (at>>12+page)<<12 + int64(low>>10&0xfff)<<shift
}
