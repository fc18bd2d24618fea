package delta

import "encoding/binary"

// What the first byte of an instruction says of a displacement of 32 bits,
// relative to the end of the displacement.
const (
	opNone   = iota
	opBranch // follows at once: call, jmp
	opModRM  // follows a ModRM byte that says "relative to the instruction pointer"
	opEscape // 0f: the next byte says
)

// opcodes says so for each byte. It need not be right: a reference that is none
// is harmless where it is predicted to stay as it is, and else costs a few
// bytes. Intel 64 and IA-32 Architectures Software Developer's Manual, volume
// 2, appendix A.
var opcodes = func() (t [256]byte) {
	t[0xe8], t[0xe9], t[0x0f] = opBranch, opBranch, opEscape
	for _, op := range []byte{
		0x01, 0x03, 0x09, 0x0b, 0x21, 0x23, 0x29, 0x2b, 0x31, 0x33, 0x38, 0x39, 0x3a, 0x3b,
		0x63, 0x69, 0x6b, 0x80, 0x81, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8d,
		0xc6, 0xc7, 0xd8, 0xd9, 0xdd, 0xf6, 0xf7, 0xfe, 0xff,
	} {
		t[op] = opModRM
	}
	return t
}()

// displacement returns where in the instruction that begins with b its
// displacement lies, and 0 where it has none.
func displacement(b []byte) int {
	switch opcodes[b[0]] {
	case opBranch:
		return 1
	case opModRM:
		if b[1]&0xc7 == 0x05 {
			return 2
		}
	case opEscape:
		if b[1]&0xf0 == 0x80 {
			return 2 // conditional jump
		}
		if b[2]&0xc7 == 0x05 {
			return 3
		}
	}
	return 0
}

// amd64 predicts instructions.
func (p *predictor) amd64(b []byte, r *addressRange, oldPos, newPos int64, more bool, fix func([]byte) error) (int, error) {
	oldAddr := oldPos - r.oldPos + r.oldAddr
	newAddr := newPos - r.newPos + r.newAddr
	fixed, i := 0, 0
	for i+8 <= len(b) {
		if opcodes[b[i]] == opNone {
			i++
			continue
		}
		d := displacement(b[i:])
		if d == 0 {
			i++
			continue
		}
		field := b[i+d : i+d+4]
		end := int64(i + d + 4)
		old := oldAddr + end + int64(int32(binary.LittleEndian.Uint32(field)))
		if !p.where.has(old) {
			i++
			continue
		}
		new := p.target(old)
		binary.LittleEndian.PutUint32(field, uint32(new-newAddr-end))
		if err := fix(b[fixed:end]); err != nil {
			return 0, err
		}
		fixed = int(end)
		if actual := newAddr + end + int64(int32(binary.LittleEndian.Uint32(field))); actual != new {
			p.learn(old, actual)
		}
		i = fixed
	}
	return p.rest(b, fixed, i, more, fix)
}
