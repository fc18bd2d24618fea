package delta

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
)

// DiffBSDIFF40 compares two programs and writes a patch in the format of
// bsdiff 4, which bspatch reads. The standard library cannot pack with bzip2:
// bzip2 returns a writer that packs what it is given into another, and is done
// when it is closed. It is called from three goroutines.
//
// What [Diff] says of time and errors holds here too; it takes six bytes of
// memory in place of ten.
func DiffBSDIFF40(ctx context.Context, w io.Writer, old, new []byte, bzip2 func(io.Writer) (io.WriteCloser, error), opts ...Option) (Stats, error) {
	o := newOptions(opts)
	c := &comparison{workers: o.workers, report: newReport(o.progress, int64(len(old))+int64(len(new)))}
	found, err := c.run(ctx, old, new)
	if err != nil {
		return Stats{}, err
	}
	stats := Stats{Copies: int64(len(found))}
	writers := [3]func(context.Context, io.Writer) error{
		func(_ context.Context, w io.Writer) error {
			_, err := w.Write(triples(found, len(new)))
			return err
		},
		func(ctx context.Context, w io.Writer) (err error) {
			stats.Copied, stats.Changed, err = writeDifferences(ctx, w, old, new, found)
			return err
		},
		func(ctx context.Context, w io.Writer) (err error) {
			stats.Inserted, err = writeExtra(ctx, w, new, found)
			return err
		},
	}
	var packed [3]bytes.Buffer
	var errs [3]error
	var wg sync.WaitGroup
	for i, write := range writers {
		wg.Go(func() {
			z, err := bzip2(&packed[i])
			if err == nil {
				err = write(ctx, z)
				if closed := z.Close(); err == nil {
					err = closed
				}
			}
			errs[i] = err
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return Stats{}, err
	}
	for _, err := range errs {
		if err != nil {
			return Stats{}, fmt.Errorf("pack with bzip2: %w", err)
		}
	}
	head := []byte(bsdiffMagic)
	head = appendBSDIFFNumber(head, int64(packed[0].Len()))
	head = appendBSDIFFNumber(head, int64(packed[1].Len()))
	head = appendBSDIFFNumber(head, int64(len(new)))
	for _, b := range [][]byte{head, packed[0].Bytes(), packed[1].Bytes(), packed[2].Bytes()} {
		n, err := w.Write(b)
		stats.PatchSize += int64(n)
		if err != nil {
			return Stats{}, fmt.Errorf("write the patch: %w", err)
		}
	}
	return stats, nil
}

// triples is the control stream. A triple copies first and inserts behind.
func triples(found []match, newSize int) []byte {
	var b []byte
	add := func(x, y, z int) {
		b = appendBSDIFFNumber(b, int64(x))
		b = appendBSDIFFNumber(b, int64(y))
		b = appendBSDIFFNumber(b, int64(z))
	}
	last := match{} // bspatch begins at the beginning of the old program
	for i, m := range found {
		if i > 0 || m.newPos > 0 || m.oldPos > 0 {
			add(last.length, m.newPos-last.newPos-last.length, m.oldPos-last.oldPos-last.length)
		}
		last = m
	}
	if newSize > 0 {
		add(last.length, newSize-last.newPos-last.length, 0)
	}
	return b
}

func writeDifferences(ctx context.Context, w io.Writer, old, new []byte, found []match) (copied, changed int64, err error) {
	buf := make([]byte, 0, chunk)
	for _, m := range found {
		copied += int64(m.length)
		for i := range m.length {
			d := new[m.newPos+i] - old[m.oldPos+i]
			if d != 0 {
				changed++
			}
			if buf = append(buf, d); len(buf) == cap(buf) {
				if err := ctx.Err(); err != nil {
					return 0, 0, err
				}
				if _, err := w.Write(buf); err != nil {
					return 0, 0, err
				}
				buf = buf[:0]
			}
		}
	}
	_, err = w.Write(buf)
	return copied, changed, err
}

func writeExtra(ctx context.Context, w io.Writer, new []byte, found []match) (inserted int64, err error) {
	newPos := 0
	for _, m := range append(found[:len(found):len(found)], match{newPos: len(new)}) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, err := w.Write(new[newPos:m.newPos])
		inserted += int64(n)
		if err != nil {
			return 0, err
		}
		newPos = m.newPos + m.length
	}
	return inserted, nil
}
