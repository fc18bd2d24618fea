package delta

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
)

// A Format is a format of patches.
type Format string

// The formats.
const (
	Own      Format = "overseer delta 1"
	BSDIFF40 Format = "BSDIFF40"
)

// Info is what the header of a patch claims.
type Info struct {
	Format  Format
	NewSize int64

	// The rest is known of the project's own format only; of BSDIFF40 it is
	// zero.
	OldSize  int64
	Old, New [sha256.Size]byte // SHA-256 of both programs
}

// ReadInfo reads the header of a patch. Errors that can be matched:
// [ErrFormat], [ErrCorrupt].
func ReadInfo(patch io.ReaderAt, patchSize int64) (Info, error) {
	h, err := readHead(patch, patchSize)
	if err != nil {
		return Info{}, err
	}
	return h.info(), nil
}

// CheckBase reads an old program and tells whether it is the one that the patch
// was made of. A patch that does not say fits any. Errors that can be matched:
// [ErrBase], the context's, and those of reading old.
func (i Info) CheckBase(ctx context.Context, old io.Reader) error {
	if i.Format != Own {
		return nil
	}
	sum := sha256.New()
	buf := make([]byte, chunk)
	size := int64(0)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := old.Read(buf)
		sum.Write(buf[:n])
		if size += int64(n); size > i.OldSize {
			return fmt.Errorf("%w: it has more than %d bytes", ErrBase, i.OldSize)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("read the old program: %w", err)
		}
	}
	if size != i.OldSize {
		return fmt.Errorf("%w: it has %d bytes, not %d", ErrBase, size, i.OldSize)
	}
	if got := [sha256.Size]byte(sum.Sum(nil)); got != i.Old {
		return fmt.Errorf("%w: its SHA-256 is %x, not %x", ErrBase, got, i.Old)
	}
	return nil
}

// A head is the header of either format.
type head struct {
	bsdiff *bsdiffHead
	own    *ownHead
}

func (h head) info() Info {
	if h.bsdiff != nil {
		return Info{Format: BSDIFF40, NewSize: h.bsdiff.newSize}
	}
	return Info{Format: Own, NewSize: h.own.newSize, OldSize: h.own.oldSize, Old: h.own.old, New: h.own.new}
}

func readHead(patch io.ReaderAt, patchSize int64) (head, error) {
	if patchSize < 0 {
		return head{}, fmt.Errorf("a patch of %d bytes", patchSize)
	}
	b := make([]byte, min(patchSize, ownHeader))
	if _, err := io.ReadFull(&section{r: patch, end: patchSize}, b); err != nil && err != io.EOF {
		return head{}, err
	}
	switch {
	case bytes.HasPrefix(b, []byte(ownMagic)):
		own, err := parseOwnHead(b, patchSize)
		return head{own: own}, err
	case bytes.HasPrefix(b, []byte(bsdiffMagic)):
		h, err := parseBSDIFFHead(b, patchSize)
		return head{bsdiff: &h}, err
	}
	return head{}, fmt.Errorf("%w: it begins with %.16q", ErrFormat, b)
}
