package delta

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
)

// Diff compares two programs and writes a patch in the project's own format.
//
// It takes time, and memory: about ten bytes for each byte of the old program
// beside both programs. It returns soon after ctx ends, with its error. What
// was written to w before an error is no patch.
//
// Errors that can be matched: [ErrTooLarge], the context's, and w's.
func Diff(ctx context.Context, w io.Writer, old, new []byte, opts ...Option) (Stats, error) {
	o := newOptions(opts)
	m := modelOf(old, new)
	passes := int64(1)
	if m != nil {
		passes = 2
	}
	c := &comparison{workers: o.workers, report: newReport(o.progress, passes*(int64(len(old))+int64(len(new))))}
	found, err := c.run(ctx, old, new)
	if err != nil {
		return Stats{}, err
	}
	h := ownHead{oldSize: int64(len(old)), newSize: int64(len(new)), old: sha256.Sum256(old), new: sha256.Sum256(new)}
	best, err := newDraft(ctx, h, old, new, found, nil)
	if err != nil {
		return Stats{}, err
	}
	if m != nil {
		first, err := newDraft(ctx, h, old, new, found, m)
		if err != nil {
			return Stats{}, err
		}
		if found, err = c.run(ctx, foresee(first.p, old), new); err != nil {
			return Stats{}, err
		}
		second, err := newDraft(ctx, h, old, new, found, m)
		if err != nil {
			return Stats{}, err
		}
		for _, d := range []*draft{first, second} {
			if d.size() < best.size() {
				best = d
			}
		}
	}
	for _, b := range append([][]byte{best.head.append(nil)}, best.packed[:]...) {
		if _, err := w.Write(b); err != nil {
			return Stats{}, fmt.Errorf("write the patch: %w", err)
		}
	}
	return best.stats, nil
}
