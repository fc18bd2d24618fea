// Package bsdiff40 writes patches that bspatch reads. It is package delta's
// writer of that format with a packer of bzip2, which the library has none of.
//
// It promises that bspatch applies what it writes, and that the library reads
// what bsdiff writes; its tests exchange patches with both.
package bsdiff40

import (
	"context"
	"io"

	"github.com/dsnet/compress/bzip2"

	"github.com/seed-3d078585/overseer/delta"
)

// Diff compares two programs and writes a patch. [delta.DiffBSDIFF40] says what
// it costs and which errors can be matched.
func Diff(ctx context.Context, w io.Writer, old, new []byte, opts ...delta.Option) (delta.Stats, error) {
	return delta.DiffBSDIFF40(ctx, w, old, new, Pack, opts...)
}

// Pack returns a writer that packs with bzip2, in blocks of the largest size.
func Pack(w io.Writer) (io.WriteCloser, error) {
	return bzip2.NewWriter(w, &bzip2.WriterConfig{Level: bzip2.BestCompression})
}
