package delta

import "encoding/binary"

// A model says where the parts of both programs lie in their files and in
// memory, so that a reference in the old program can be followed and the same
// reference of the new one computed.
type model struct {
	minCopy int64 // copies at least this long say where old addresses went
	ranges  []addressRange
	bases   []base
}

// A kind says how a range refers to others.
type kind byte

const (
	kindPlain kind = iota // not at all
	kindAMD64             // amd64 instructions
	kindARM64             // arm64 instructions
	kindWords             // little-endian words of 32 bits, each an offset from some base
	kinds
)

// A addressRange is a part of the program that keeps its shape: a section, or
// part of one.
type addressRange struct {
	kind    kind
	inFile  bool
	classes uint64 // the bases that its words may be relative to

	oldPos, oldAddr, oldSize int64
	newPos, newAddr, newSize int64
}

// A base is an address that words are relative to.
type base struct{ old, new int64 }

const (
	maxRanges = 64
	maxBases  = 12
)

func (m *model) append(b []byte) []byte {
	if m == nil {
		return b
	}
	u := func(n int64) { b = binary.AppendUvarint(b, uint64(n)) }
	u(m.minCopy)
	u(int64(len(m.bases)))
	for _, x := range m.bases {
		u(x.old)
		u(x.new)
	}
	u(int64(len(m.ranges)))
	for _, r := range m.ranges {
		k := int64(r.kind) << 1
		if r.inFile {
			k |= 1
		}
		u(k)
		u(int64(r.classes))
		for _, n := range []int64{r.oldPos, r.oldAddr, r.oldSize, r.newPos, r.newAddr, r.newSize} {
			u(n)
		}
	}
	return b
}

// parseModel reads a model; an empty stream is none.
func parseModel(s *stream) (*model, error) {
	if s.left == 0 {
		return nil, nil
	}
	var failed error
	u := func(limit int64) int64 {
		if failed != nil {
			return 0
		}
		n, err := s.number()
		if err == nil && n > limit {
			err = corrupt("the model has %d where %d is the most", n, limit)
		}
		failed = err
		return n
	}
	const far = 1 << 60
	m := &model{minCopy: u(far)}
	for range u(maxBases) {
		m.bases = append(m.bases, base{u(far), u(far)})
	}
	for range u(maxRanges) {
		k := u(int64(kinds)<<1 - 1)
		m.ranges = append(m.ranges, addressRange{
			kind: kind(k >> 1), inFile: k&1 != 0, classes: uint64(u(1<<maxBases - 1)),
			oldPos: u(far), oldAddr: u(far), oldSize: u(far),
			newPos: u(far), newAddr: u(far), newSize: u(far),
		})
		if failed != nil {
			return nil, failed
		}
	}
	return m, failed
}
