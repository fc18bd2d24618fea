package delta

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The Go linker writes a record for each function: eleven words, one for each
// table of values by program counter, one for each piece of data. Type _func in
// package runtime.
const (
	functionHead  = 44 // bytes
	functionAlign = 8
	functionMost  = 1 << 12 // bytes of a record that is believed
)

var functionFields = [functionHead / 4]byte{
	baseText, baseNames, stays, stays, basePC, basePC, basePC, stays, baseUnits, stays, stays,
}

// functionIndex finds the record that a place of the old program lies in. Only
// the beginning of one in each page is kept.
type functionIndex struct {
	old   io.ReaderAt
	r     *addressRange
	shift uint
	pages []int64 // the last record that begins at or before the page
	end   int64   // of what looks like records

	at   functionRecord // the last one looked for
	head [functionHead]byte
}

type functionRecord struct {
	begin, end int64 // end is that of the padding too
	counters   int64 // end of the offsets of tables by program counter
	data       int64 // end of the offsets of data
}

// index reads the records once.
func indexFunctions(old io.ReaderAt, r *addressRange) (*functionIndex, error) {
	x := &functionIndex{old: old, r: r, shift: 12, end: r.oldPos + r.oldSize}
	for r.oldSize>>x.shift >= 1<<14 {
		x.shift++
	}
	in := io.NewSectionReader(old, r.oldPos, r.oldSize)
	buf := make([]byte, chunk)
	have, pos := 0, r.oldPos // buf[:have] is what lies at pos
	for {
		n, err := io.ReadFull(in, buf[have:])
		have += n
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return nil, fmt.Errorf("read the old program: %w", err)
		}
		used := 0
		for used+functionHead <= have {
			f, ok := parseFunction(buf[used:], pos+int64(used))
			if !ok || f.end > r.oldPos+r.oldSize {
				x.end = f.begin
				return x, nil
			}
			if f.end-pos > int64(have) {
				break
			}
			for int64(len(x.pages))<<x.shift+r.oldPos < f.end {
				x.pages = append(x.pages, f.begin)
			}
			used = int(f.end - pos)
		}
		copy(buf, buf[used:have])
		have -= used
		pos += int64(used)
		if n == 0 || err != nil {
			x.end = pos
			return x, nil
		}
	}
}

func parseFunction(b []byte, pos int64) (functionRecord, bool) {
	counters := int64(binary.LittleEndian.Uint32(b[28:]))
	f := functionRecord{begin: pos, counters: pos + functionHead + 4*counters}
	f.data = f.counters + 4*int64(b[43])
	f.end = pos + (f.data-pos+functionAlign-1)/functionAlign*functionAlign
	return f, f.end-pos <= functionMost
}

// find returns the record at a place.
func (x *functionIndex) find(pos int64) (functionRecord, bool, error) {
	if pos >= x.at.begin && pos < x.at.end {
		return x.at, true, nil
	}
	page := (pos - x.r.oldPos) >> x.shift
	if pos >= x.end || page >= int64(len(x.pages)) {
		return functionRecord{}, false, nil
	}
	at := x.pages[page]
	if x.at.end > at && x.at.end <= pos {
		at = x.at.end
	}
	head := x.head[:]
	for at <= pos && at+functionHead <= x.end {
		if n, err := x.old.ReadAt(head, at); n < len(head) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return functionRecord{}, false, fmt.Errorf("read the old program at %d: %w", at, err)
		}
		f, ok := parseFunction(head, at)
		if !ok {
			break
		}
		if x.at = f; pos < f.end {
			return f, true, nil
		}
		at = f.end
	}
	return functionRecord{}, false, nil
}

// base returns what a word of the record is relative to.
func (f *functionRecord) base(pos int64) byte {
	switch n := pos - f.begin; {
	case n < functionHead:
		return functionFields[n/4]
	case pos < f.counters:
		return basePC
	case pos < f.data:
		return baseGofunc
	}
	return stays
}

// functions predicts the records of functions.
func (p *predictor) functions(b []byte, r *addressRange, oldPos int64, more bool, fix func([]byte) error) (int, error) {
	fixed := 0
	i := int(-(oldPos - r.oldPos) & 3)
	for ; i+4 <= len(b); i += 4 {
		pos := oldPos + int64(i)
		f, ok, err := p.index.find(pos)
		if err != nil {
			return 0, err
		}
		if !ok {
			continue
		}
		if k := f.base(pos); k != stays {
			if err := p.refer(b, &fixed, i, int(k), fix); err != nil {
				return 0, err
			}
		}
	}
	return p.rest(b, fixed, i, more, fix)
}
