package delta

import "encoding/binary"

// follow predicts a word that is an offset from base k. It says of which old
// address it is; zero and what lies outside of the program stay.
func (p *predictor) follow(v uint32, k int) (word uint32, old int64, ok bool) {
	if v == 0 {
		return v, 0, false
	}
	x := &p.model.bases[k]
	old = x.old + int64(v)*x.scale
	if !p.where.has(old) {
		return v, 0, false
	}
	return uint32((p.target(old) - x.new) / x.scale), old, true
}

// refer predicts the word at b[i:] as an offset from base k, and has it and all
// before it that is not fixed yet corrected.
func (p *predictor) refer(b []byte, fixed *int, i, k int, fix func([]byte) error) error {
	field := b[i : i+4]
	word, old, ok := p.follow(binary.LittleEndian.Uint32(field), k)
	if !ok {
		return nil
	}
	binary.LittleEndian.PutUint32(field, word)
	if err := fix(b[*fixed : i+4]); err != nil {
		return err
	}
	*fixed = i + 4
	if actual := binary.LittleEndian.Uint32(field); actual != word {
		x := &p.model.bases[k]
		p.learn(old, x.new+int64(actual)*x.scale)
	}
	return nil
}

// table predicts records of equal length, of which each word has its base.
func (p *predictor) table(b []byte, r *addressRange, oldPos int64, more bool, fix func([]byte) error) (int, error) {
	fixed := 0
	at := oldPos - r.oldPos
	i := int(-at & 3)
	slot := int((at + int64(i)) >> 2 % int64(len(r.record)))
	for ; i+4 <= len(b); i += 4 {
		if k := r.record[slot]; k != stays {
			if err := p.refer(b, &fixed, i, int(k), fix); err != nil {
				return 0, err
			}
		}
		if slot++; slot == len(r.record) {
			slot = 0
		}
	}
	return p.rest(b, fixed, i, more, fix)
}

// rest fixes what is left behind the last whole word.
func (p *predictor) rest(b []byte, fixed, i int, more bool, fix func([]byte) error) (int, error) {
	if !more || i > len(b) {
		i = len(b)
	}
	return i, fix(b[fixed:i])
}
