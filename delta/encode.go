package delta

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
)

// A draft is a patch that was made but not written.
type draft struct {
	head   *ownHead
	packed [streams][]byte
	stats  Stats
	p      *predictor // nil where the patch has no model
}

func (d *draft) size() int64 { return d.stats.PatchSize }

// newDraft makes a patch of a cover of the new program.
func newDraft(ctx context.Context, h ownHead, old, new []byte, found []match, m *model) (*draft, error) {
	d := &draft{head: &h}
	raw, stats, p, err := encode(ctx, old, new, found, m)
	if err != nil {
		return nil, err
	}
	h.copies = int64(len(found))
	d.stats, d.p = stats, p
	d.packed, err = packAll(ctx, d.head, raw)
	d.stats.PatchSize = ownHeader
	for _, b := range d.packed {
		d.stats.PatchSize += int64(len(b))
	}
	return d, err
}

// encode makes the streams of a patch.
func encode(ctx context.Context, old, new []byte, found []match, m *model) (raw [streams][]byte, stats Stats, p *predictor, err error) {
	if m != nil {
		m = m.forCopies(found)
		raw[streamModel] = m.append(nil)
		if p, err = newPredictor(m, longCopies(found, m.minCopy), bytes.NewReader(old)); err != nil {
			return raw, stats, p, err
		}
	}
	e := &encoder{new: new}
	oldPos, newPos := 0, 0
	var buf []byte
	for _, f := range found {
		if err := ctx.Err(); err != nil {
			return raw, stats, nil, err
		}
		raw[streamInserts] = binary.AppendUvarint(raw[streamInserts], uint64(f.newPos-newPos))
		raw[streamSeeks] = binary.AppendVarint(raw[streamSeeks], int64(f.oldPos-oldPos))
		raw[streamCopies] = binary.AppendUvarint(raw[streamCopies], uint64(f.length))
		raw[streamExtra] = append(raw[streamExtra], new[newPos:f.newPos]...)
		buf = append(buf[:0], old[f.oldPos:f.oldPos+f.length]...)
		e.at = f.newPos
		if p != nil {
			if _, err := p.predict(buf, int64(f.oldPos), int64(f.newPos), false, e.fix); err != nil {
				return raw, stats, p, err
			}
		} else if err := e.fix(buf); err != nil {
			return raw, stats, p, err
		}
		stats.Copied += int64(f.length)
		oldPos, newPos = f.oldPos+f.length, f.newPos+f.length
	}
	e.flush()
	raw[streamSame], raw[streamChanged], raw[streamValues] = e.sames, e.changes, e.values
	raw[streamExtra] = append(raw[streamExtra], new[newPos:]...)
	stats.Copies = int64(len(found))
	stats.Inserted = int64(len(new)) - stats.Copied
	stats.Changed = int64(len(raw[streamValues]))
	return raw, stats, p, nil
}

// longCopies are the copies that make an address map.
func longCopies(found []match, least int64) []span {
	var long []span
	for _, f := range found {
		if int64(f.length) >= least {
			long = append(long, span{int64(f.oldPos), int64(f.newPos), int64(f.length)})
		}
	}
	return long
}

// forCopies returns the model with the least length of a copy at which an
// address map holds them all.
func (m *model) forCopies(found []match) *model {
	own := *m
	for len(longCopies(found, own.minCopy)) > maxSpans {
		own.minCopy *= 2
	}
	return &own
}

// An encoder writes what a predictor got wrong.
type encoder struct {
	new            []byte
	at             int
	same, changed  int
	sames, changes []byte
	values         []byte
}

// fix makes the next bytes right.
func (e *encoder) fix(b []byte) error {
	for i, want := range e.new[e.at : e.at+len(b)] {
		if b[i] == want {
			e.flush()
			e.same++
			continue
		}
		e.changed++
		e.values = append(e.values, want-b[i])
		b[i] = want
	}
	e.at += len(b)
	return nil
}

func (e *encoder) flush() {
	if e.changed > 0 {
		e.sames = binary.AppendUvarint(e.sames, uint64(e.same))
		e.changes = binary.AppendUvarint(e.changes, uint64(e.changed))
		e.same, e.changed = 0, 0
	}
}

// packAll packs the streams and enters them in the header.
func packAll(ctx context.Context, h *ownHead, raw [streams][]byte) (packed [streams][]byte, err error) {
	w, err := newPacker()
	if err != nil {
		return packed, fmt.Errorf("pack the patch: %w", err)
	}
	defer w.Close()
	for i := range raw {
		if err := ctx.Err(); err != nil {
			return packed, err
		}
		h.streams[i], packed[i] = pack(w, raw[i])
	}
	return packed, nil
}
