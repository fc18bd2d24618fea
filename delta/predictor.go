package delta

import "io"

// A predictor computes, from a piece of the old program, what it will look like
// in the new one: it follows each reference and looks where its target went.
// Reader and writer of a patch do the same, in the same order; what the
// predictor gets wrong the patch corrects, and the predictor learns from that.
type predictor struct {
	model  *model
	where  *addressMap
	known  targets
	words  words
	index  *functionIndex
	frozen bool
	at     int // the range of the last look
}

// lookahead is how many bytes a predictor needs to see at a time, but for the last
// of a copy.
const lookahead = 16

// newPredictor reads in the old program what the model needs to be known of it.
func newPredictor(m *model, copies []span, old io.ReaderAt) (*predictor, error) {
	p := &predictor{model: m, where: newAddressMap(m, copies), known: newTargets()}
	p.words.init()
	for i := range m.ranges {
		if m.ranges[i].kind == kindFunctions {
			var err error
			if p.index, err = indexFunctions(old, &m.ranges[i]); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// predict makes bytes of the new program from b, copied bytes of the old one.
// fix corrects what was predicted, in order and without gap. The copy goes on
// behind b where more is set; then some of the last bytes are left as they are.
// predict returns how many are made.
func (p *predictor) predict(b []byte, oldPos, newPos int64, more bool, fix func([]byte) error) (int, error) {
	done := 0
	for done < len(b) {
		r, end := p.rangeAt(oldPos + int64(done))
		size := min(int64(len(b)-done), end-oldPos-int64(done))
		part := b[done : done+int(size)]
		goesOn := more && int(size) == len(b)-done
		var n int
		var err error
		switch k := p.kindOf(r); k {
		case kindAMD64:
			n, err = p.amd64(part, r, oldPos+int64(done), newPos+int64(done), goesOn, fix)
		case kindARM64:
			n, err = p.arm64(part, r, oldPos+int64(done), newPos+int64(done), goesOn, fix)
		case kindWords:
			n, err = p.predictWords(part, r, oldPos+int64(done), goesOn, fix)
		case kindTable:
			n, err = p.table(part, r, oldPos+int64(done), goesOn, fix)
		case kindFunctions:
			n, err = p.functions(part, r, oldPos+int64(done), goesOn, fix)
		default:
			n, err = len(part), fix(part)
		}
		if err != nil {
			return 0, err
		}
		done += n
		if n < len(part) {
			break
		}
	}
	return done, nil
}

func (p *predictor) kindOf(r *addressRange) kind {
	if r == nil || len(p.where.spans) == 0 {
		return kindPlain
	}
	return r.kind
}

// rangeAt returns the range that a place of the old file lies in, nil for none,
// and where the next one begins.
func (p *predictor) rangeAt(pos int64) (*addressRange, int64) {
	if r := &p.model.ranges[p.at]; r.inFile && pos >= r.oldPos && pos < r.oldPos+r.oldSize {
		return r, r.oldPos + r.oldSize
	}
	end := int64(1<<63 - 1)
	for i := range p.model.ranges {
		r := &p.model.ranges[i]
		if !r.inFile {
			continue
		}
		if pos >= r.oldPos && pos < r.oldPos+r.oldSize {
			p.at = i
			return r, r.oldPos + r.oldSize
		}
		if r.oldPos > pos {
			end = min(end, r.oldPos)
		}
	}
	return nil, end
}

// target predicts the new address of an old one.
func (p *predictor) target(old int64) int64 {
	if new, ok := p.known.get(old); ok && !p.frozen {
		return new
	}
	return p.where.find(old)
}

// learn remembers where an old address went that was not predicted so.
func (p *predictor) learn(old, new int64) {
	if p.where.find(old) == new {
		p.known.forget(old)
	} else {
		p.known.set(old, new)
	}
}
