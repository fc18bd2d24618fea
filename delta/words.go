package delta

import "encoding/binary"

// words predicts tables: words of 32 bits that are offsets from some base, or
// nothing of the kind. Which base it is follows from which it was for the words
// before: tables repeat. So for each history of what was right there is a
// score of what is right next.
type words struct {
	history uint32
	scores  [][maxBases + 1]uint8
}

const historyBits = 16

func (w *words) init() {
	w.scores = make([][maxBases + 1]uint8, 1<<historyBits)
	for i := range w.scores {
		s := &w.scores[i]
		s[0] = 16
		for k := 1; k < len(s); k++ {
			s[k] = 8
		}
		s[1] = 24 // what looks like an address mostly is one
	}
}

func (w *words) salt(r *addressRange) uint32 {
	return uint32(uint64(r.oldAddr) * 0x9e3779b97f4a7c15 >> (64 - historyBits))
}

// predictWords predicts a table.
func (p *predictor) predictWords(b []byte, r *addressRange, oldPos int64, more bool, fix func([]byte) error) (int, error) {
	skip := int(-(oldPos - r.oldPos + r.oldAddr) & 3)
	fixed, i := 0, skip
	le := binary.LittleEndian
	w := &p.words
	for ; i+4 <= len(b); i += 4 {
		v := le.Uint32(b[i:])
		// Class 0 is a word that stays; class 1+k one relative to base k.
		var candidate [maxBases + 1]uint32
		candidate[0] = v
		valid := uint64(1)
		differ := false
		scores := &w.scores[(w.history^w.salt(r))&(1<<historyBits-1)]
		best := 0
		if v != 0 {
			for k := range p.model.bases {
				if r.classes>>k&1 == 0 {
					continue
				}
				c, _, ok := p.follow(v, k)
				if !ok {
					continue
				}
				candidate[k+1] = c
				valid |= 2 << k
				differ = differ || c != v
				if scores[k+1] > scores[best] || r.classes&(r.classes-1) == 0 && scores[k+1]+9 > scores[best] {
					best = k + 1
				}
			}
		}
		if differ && p.frozen {
			le.PutUint32(b[i:], candidate[best])
		} else if differ {
			le.PutUint32(b[i:], candidate[best])
			if err := fix(b[fixed : i+4]); err != nil {
				return 0, err
			}
			fixed = i + 4
			actual := le.Uint32(b[i:])
			right := candidate[best] == actual
			for k := range len(p.model.bases) + 1 {
				if valid>>k&1 == 0 {
					continue
				}
				s := &scores[k]
				if candidate[k] == actual {
					if !right {
						best, right = k, true
					}
					*s += (255 - *s) >> 2
				} else {
					*s -= *s >> 2
				}
			}
			if !right && best > 0 {
				x := &p.model.bases[best-1]
				p.learn(x.old+int64(v)*x.scale, x.new+int64(actual)*x.scale)
			}
		}
		w.history = w.history<<4 | uint32(best)
	}
	return p.rest(b, fixed, i, more, fix)
}
