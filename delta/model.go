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
	kindPlain     kind = iota // not at all
	kindAMD64                 // amd64 instructions
	kindARM64                 // arm64 instructions
	kindWords                 // little-endian words of 32 bits, each an offset from some base
	kindTable                 // the same, in records of which each word has its base
	kindFunctions             // the Go linker's records of functions
	kinds
)

// A addressRange is a part of the program that keeps its shape: a section, or
// part of one.
type addressRange struct {
	kind    kind
	inFile  bool
	classes uint64 // kindWords: the bases that words may be relative to
	record  []byte // kindTable: the base of each word of a record

	oldPos, oldAddr, oldSize int64
	newPos, newAddr, newSize int64
}

// A base is an address that words are relative to.
type base struct {
	old, new int64
	scale    int64 // words count so many bytes
}

// stays is in place of a base for a word that is no reference.
const stays = 0xff

const (
	maxRanges = 64
	maxBases  = 12
	maxRecord = 16
)

func (m *model) append(b []byte) []byte {
	u := func(n int64) { b = binary.AppendUvarint(b, uint64(n)) }
	u(m.minCopy)
	u(int64(len(m.bases)))
	for _, x := range m.bases {
		u(x.old)
		u(x.new)
		u(x.scale)
	}
	u(int64(len(m.ranges)))
	for _, r := range m.ranges {
		k := int64(r.kind) << 1
		if r.inFile {
			k |= 1
		}
		u(k)
		u(int64(r.classes))
		u(int64(len(r.record)))
		for _, k := range r.record {
			u(int64(k))
		}
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
		if failed = err; failed != nil {
			return 0
		}
		return n
	}
	const far = 1 << 60
	m := &model{minCopy: u(far)}
	for range u(maxBases) {
		m.bases = append(m.bases, base{u(far), u(far), u(1 << 10)})
	}
	for range u(maxRanges) {
		k := u(int64(kinds)<<1 - 1)
		r := addressRange{kind: kind(k >> 1), inFile: k&1 != 0, classes: uint64(u(1<<maxBases - 1))}
		for range u(maxRecord) {
			r.record = append(r.record, byte(u(stays)))
		}
		r.oldPos, r.oldAddr, r.oldSize = u(far), u(far), u(far)
		r.newPos, r.newAddr, r.newSize = u(far), u(far), u(far)
		m.ranges = append(m.ranges, r)
		if failed != nil {
			return nil, failed
		}
	}
	if failed == nil {
		failed = m.check()
	}
	return m, failed
}

// check is an error where a predictor could not work by the model.
func (m *model) check() error {
	for _, x := range m.bases {
		if x.scale == 0 {
			return corrupt("the model has a base whose words count nothing")
		}
	}
	functions := 0
	for _, r := range m.ranges {
		for _, k := range r.record {
			if k != stays && int(k) >= len(m.bases) {
				return corrupt("the model has no base %d", k)
			}
		}
		switch r.kind {
		case kindWords:
			if r.classes>>len(m.bases) != 0 {
				return corrupt("the model has words of bases that it has not")
			}
		case kindTable:
			if len(r.record) == 0 {
				return corrupt("the model has a table of empty records")
			}
		case kindFunctions:
			if functions++; functions > 1 || len(m.bases) < baseCount || !r.inFile {
				return corrupt("the model has functions that cannot be followed")
			}
		case kindPlain, kindAMD64, kindARM64:
		default:
			return corrupt("the model has a range of kind %d", r.kind)
		}
	}
	return nil
}
