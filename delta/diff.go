package delta

import (
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
	raw, stats := encode(old, new, found)
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
func encode(old, new []byte, found []match) (raw [streams][]byte, stats Stats) {
	oldPos, newPos := 0, 0
	same, changed := 0, 0
	flush := func() {
		if changed > 0 {
			raw[streamRuns] = binary.AppendUvarint(raw[streamRuns], uint64(same))
			raw[streamRuns] = binary.AppendUvarint(raw[streamRuns], uint64(changed))
			same, changed = 0, 0
		}
	}
	for _, m := range found {
		c := raw[streamControl]
		c = binary.AppendUvarint(c, uint64(m.newPos-newPos))
		c = binary.AppendVarint(c, int64(m.oldPos-oldPos))
		raw[streamControl] = binary.AppendUvarint(c, uint64(m.length))
		raw[streamExtra] = append(raw[streamExtra], new[newPos:m.newPos]...)
		for i := range m.length {
			d := new[m.newPos+i] - old[m.oldPos+i]
			if d == 0 {
				flush()
				same++
				continue
			}
			changed++
			raw[streamValues] = append(raw[streamValues], d)
		}
		stats.Copied += int64(m.length)
		oldPos, newPos = m.oldPos+m.length, m.newPos+m.length
	}
	flush()
	raw[streamExtra] = append(raw[streamExtra], new[newPos:]...)
	stats.Copies = int64(len(found))
	stats.Inserted = int64(len(new)) - stats.Copied
	stats.Changed = int64(len(raw[streamValues]))
	return raw, stats
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
