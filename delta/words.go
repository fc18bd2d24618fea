package delta

import "encoding/binary"

// words predicts tables that nobody described: words of 32 bits that are
// offsets from some base, or nothing of the kind. Tables repeat, so which base
// it is follows from which it was for the words before: for each history of
// what was right there is a score of what is right next.
type words struct {
	history uint32
	scores  []scores
}

// A class is what a word may be: 0 where it stays, 1+k an offset from base k.
type scores [maxBases + 1]uint8

const (
	historyBits = 16 // the last four classes
	classBits   = 4
)

func (w *words) init() {
	first := scores{16, 24} // what looks like an address mostly is one
	for k := 2; k < len(first); k++ {
		first[k] = 8
	}
	w.scores = make([]scores, 1<<historyBits)
	for i := range w.scores {
		w.scores[i] = first
	}
}

// next returns the scores of the next word, in a range.
func (w *words) next(r *addressRange) *scores {
	salt := uint32(uint64(r.oldAddr) * 0x9e3779b97f4a7c15 >> (64 - historyBits))
	return &w.scores[(w.history^salt)&(1<<historyBits-1)]
}

// A guess is what a word may become.
type guess struct {
	word  [maxBases + 1]uint32 // by class
	valid uint32               // a bit for each class
	best  int                  // the class with the highest score
	open  bool                 // classes disagree
}

// alone is the advantage of the base of a range that has only one.
const alone = 9

// guess follows a word from each base that its range allows.
func (p *predictor) guess(v uint32, r *addressRange, s *scores) (g guess) {
	g.word[0], g.valid = v, 1
	advantage := 0
	if r.classes&(r.classes-1) == 0 {
		advantage = alone
	}
	for k := range p.model.bases {
		if r.classes>>k&1 == 0 {
			continue
		}
		word, _, ok := p.follow(v, k)
		if !ok {
			continue
		}
		g.word[k+1] = word
		g.valid |= 2 << k
		g.open = g.open || word != v
		if int(s[k+1])+advantage > int(s[g.best]) {
			g.best = k + 1
		}
	}
	return g
}

// judge raises the scores of the classes that were right, lowers those of the
// others, and returns which to remember: the one taken if it was right, else
// the first that was.
func (g *guess) judge(actual uint32, s *scores) (class int, right bool) {
	class, right = g.best, g.word[g.best] == actual
	for k := range s {
		if g.valid>>k&1 == 0 {
			continue
		}
		if g.word[k] != actual {
			s[k] -= s[k] >> 2
			continue
		}
		s[k] += (255 - s[k]) >> 2
		if !right {
			class, right = k, true
		}
	}
	return class, right
}

// predictWords predicts such a table.
func (p *predictor) predictWords(b []byte, r *addressRange, oldPos int64, more bool, fix func([]byte) error) (int, error) {
	fixed := 0
	le := binary.LittleEndian
	i := int(-(oldPos - r.oldPos + r.oldAddr) & 3)
	for ; i+4 <= len(b); i += 4 {
		v := le.Uint32(b[i:])
		s := p.words.next(r)
		g := p.guess(v, r, s)
		class := g.best
		if g.open {
			le.PutUint32(b[i:], g.word[g.best])
			if !p.frozen {
				if err := fix(b[fixed : i+4]); err != nil {
					return 0, err
				}
				fixed = i + 4
				actual := le.Uint32(b[i:])
				var right bool
				if class, right = g.judge(actual, s); !right && class > 0 {
					x := &p.model.bases[class-1]
					p.learn(x.old+int64(v)*x.scale, x.new+int64(actual)*x.scale)
				}
			}
		}
		p.words.history = p.words.history<<classBits | uint32(class)
	}
	return p.rest(b, fixed, i, more, fix)
}
