package delta

import (
	"bytes"

	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
)

// Diff compares two programs and writes a patch in the project's own format.
//
// It takes time and memory: about nine bytes of memory for each byte of the old
// program beside both programs. It returns soon after ctx ends, with its error.
// What was written to w before an error is no patch.
//
// Errors that can be matched: [ErrTooLarge], the context's, and w's.
func Diff(ctx context.Context, w io.Writer, old, new []byte, opts ...Option) (Stats, error) {
	found, err := compare(ctx, old, new, newOptions(opts))
	if err != nil {
		return Stats{}, err
	}
	h := &ownHead{
		oldSize: int64(len(old)), newSize: int64(len(new)),
		old: sha256.Sum256(old), new: sha256.Sum256(new),
		copies: int64(len(found)),
	}
	raw, stats, _, err := encode(old, new, found, modelOf(old, new))
	if err != nil {
		return Stats{}, err
	}
	packed, err := packAll(ctx, h, raw)
	if err != nil {
		return Stats{}, err
	}
	for _, b := range append([][]byte{h.append(nil)}, packed[:]...) {
		n, err := w.Write(b)
		stats.PatchSize += int64(n)
		if err != nil {
			return Stats{}, fmt.Errorf("write the patch: %w", err)
		}
	}
	return stats, nil
}

func compare(ctx context.Context, old, new []byte, o *options) ([]match, error) {
	if len(old) > MaxInput || len(new) > MaxInput {
		return nil, fmt.Errorf("%w: programs of %d and %d bytes, compared are %d at most", ErrTooLarge, len(old), len(new), MaxInput)
	}
	report := newReport(o.progress, int64(len(old))+int64(len(new)))
	x, err := newIndex(ctx, old)
	if err != nil {
		return nil, err
	}
	report.add(len(old))
	found, err := matches(ctx, x, new, o.workers, report.add)
	if err != nil {
		return nil, err
	}
	return found, nil
}

// encode makes the streams of a patch.
func encode(old, new []byte, found []match, m *model) (raw [streams][]byte, stats Stats, p *predictor, err error) {
	raw[streamModel] = m.append(nil)
	if m != nil {
		if p, err = newPredictor(m, longCopies(found, m.minCopy), bytes.NewReader(old)); err != nil {
			return raw, stats, p, err
		}
	}
	e := &encoder{new: new}
	oldPos, newPos := 0, 0
	var buf []byte
	for _, f := range found {
		c := raw[streamControl]
		c = binary.AppendUvarint(c, uint64(f.newPos-newPos))
		c = binary.AppendVarint(c, int64(f.oldPos-oldPos))
		raw[streamControl] = binary.AppendUvarint(c, uint64(f.length))
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
	raw[streamRuns], raw[streamValues] = e.runs, e.values
	raw[streamExtra] = append(raw[streamExtra], new[newPos:]...)
	stats.Copies = int64(len(found))
	stats.Inserted = int64(len(new)) - stats.Copied
	stats.Changed = int64(len(raw[streamValues]))
	return raw, stats, p, nil
}

func longCopies(found []match, least int64) []match {
	var long []match
	for _, f := range found {
		if int64(f.length) >= least {
			long = append(long, f)
		}
	}
	return long
}

// An encoder writes what a predictor got wrong.
type encoder struct {
	new           []byte
	at            int
	same, changed int
	runs, values  []byte
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
		e.runs = binary.AppendUvarint(e.runs, uint64(e.same))
		e.runs = binary.AppendUvarint(e.runs, uint64(e.changed))
		e.same, e.changed = 0, 0
	}
}

// packAll packs the streams and enters them in the header.
func packAll(ctx context.Context, h *ownHead, raw [streams][]byte) (packed [streams][]byte, err error) {
	var wg sync.WaitGroup
	var errs [streams]error
	for i := range raw {
		wg.Go(func() { h.streams[i], packed[i], errs[i] = pack(raw[i]) })
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			return packed, fmt.Errorf("pack %s: %w", streamNames[i], err)
		}
	}
	return packed, ctx.Err()
}
