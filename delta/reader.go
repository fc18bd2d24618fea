package delta

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
)

// chunk is how much of the new program is made at a time.
const chunk = 64 << 10

// NewReader reads the new program, made of the old one and a patch in either
// format. maxSize bounds the size of the new program, claimed or real.
//
// Read ahead of their use are the patch's header and, in the project's own
// format, its list of copies and the old program's records of functions. Old
// and patch have to stay readable until the reader is closed; closing them is
// the caller's. The reader is for one goroutine at a time.
//
// In the project's own format the old program's size is compared with the one
// that the patch was made of. Its digest is not, as that costs a pass over it:
// whoever does not know the digest already asks [Info.CheckBase] first. A wrong
// base of the right size is found at the end, where the digest of the new
// program is compared.
//
// Errors that can be matched, also those of Read: [ErrFormat], [ErrCorrupt],
// [ErrTooLarge], [ErrBase], and those of reading old and patch.
func NewReader(old io.ReaderAt, oldSize int64, patch io.ReaderAt, patchSize int64, maxSize int64) (io.ReadCloser, error) {
	if oldSize < 0 {
		return nil, fmt.Errorf("an old program of %d bytes", oldSize)
	}
	h, err := readHead(patch, patchSize)
	if err != nil {
		return nil, err
	}
	if size := h.info().NewSize; size > maxSize {
		return nil, fmt.Errorf("%w: the patch makes %d bytes, allowed are %d", ErrTooLarge, size, maxSize)
	}
	r := &reader{old: old, oldSize: oldSize, left: h.info().NewSize, buf: make([]byte, chunk)}
	if h.bsdiff != nil {
		r.source, r.outside = openBSDIFF40(patch, patchSize, *h.bsdiff), zeros
		return r, nil
	}
	if oldSize != h.own.oldSize {
		return nil, fmt.Errorf("%w: it has %d bytes, the patch was made of %d", ErrBase, oldSize, h.own.oldSize)
	}
	if r.source, err = openOwn(old, patch, h.own); err != nil {
		return nil, err
	}
	r.sum, r.want = sha256.New(), h.own.new
	return r, nil
}

// Size returns the size of the new program by the patch's own claim. It reads
// the header only. Errors that can be matched: [ErrFormat], [ErrCorrupt].
func Size(patch io.ReaderAt, patchSize int64) (int64, error) {
	info, err := ReadInfo(patch, patchSize)
	return info.NewSize, err
}

var errClosed = errors.New("read of a patch that was closed")

// A reader carries pieces out.
type reader struct {
	old     io.ReaderAt
	oldSize int64
	outside outside
	source  source

	piece  piece // what is left of it
	newPos int64
	left   int64 // of the new program, behind the piece
	sum    hash.Hash
	want   [sha256.Size]byte
	buf    []byte
	ready  []byte // of buf, not yet read
	err    error
}

func (r *reader) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for len(r.ready) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.ready, r.err = r.make()
	}
	n := copy(b, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

// WriteTo saves io.Copy a buffer.
func (r *reader) WriteTo(w io.Writer) (int64, error) {
	total := int64(0)
	for {
		if len(r.ready) > 0 {
			n, err := w.Write(r.ready)
			r.ready = r.ready[n:]
			total += int64(n)
			if err != nil {
				return total, err
			}
			continue
		}
		if r.err == io.EOF {
			return total, nil
		}
		if r.err != nil {
			return total, r.err
		}
		r.ready, r.err = r.make()
	}
}

// Close lets go of the decoders. It never fails.
func (r *reader) Close() error {
	if r.err != errClosed {
		r.ready, r.err = nil, errClosed
		r.source.close()
	}
	return nil
}

// make makes the next bytes of the new program.
func (r *reader) make() ([]byte, error) {
	n := 0
	for n < chunk {
		if r.piece.insert == 0 && r.piece.copy == 0 {
			err := r.next()
			if err == io.EOF && n > 0 {
				break // the end is told when these bytes were read
			}
			if err == io.EOF {
				err = r.finish()
			}
			if err != nil {
				return nil, err
			}
		}
		made, err := r.step(r.buf[n:])
		if err != nil {
			return nil, err
		}
		if made == 0 {
			break // no room for what has to stay together
		}
		n += made
	}
	b := r.buf[:n]
	if r.sum != nil {
		r.sum.Write(b)
	}
	return b, nil
}

// next takes the next piece; behind the last one it returns io.EOF.
func (r *reader) next() error {
	p, err := r.source.next()
	if err != nil {
		return err
	}
	if p.insert > r.left || p.copy > r.left-p.insert {
		return corrupt("a piece of %d and %d bytes where %d are left", p.insert, p.copy, r.left)
	}
	if p.copy > 0 && r.outside == refused && (p.oldPos < 0 || p.oldPos > r.oldSize || p.copy > r.oldSize-p.oldPos) {
		return corrupt("a copy of %d bytes at %d of an old program of %d", p.copy, p.oldPos, r.oldSize)
	}
	r.piece = p
	r.left -= p.insert + p.copy
	return nil
}

// finish returns io.EOF where everything is as the patch says.
func (r *reader) finish() error {
	if r.left > 0 {
		return corrupt("it ends %d bytes before the program does", r.left)
	}
	if err := r.source.finish(); err != nil {
		return err
	}
	if r.sum != nil && [sha256.Size]byte(r.sum.Sum(nil)) != r.want {
		return corrupt("what it makes has another digest than it says: it was damaged, or the old program is not the one it was made of")
	}
	return io.EOF
}

// step makes the next bytes of the piece at hand.
func (r *reader) step(room []byte) (int, error) {
	if r.piece.insert > 0 {
		b := room[:min(r.piece.insert, int64(len(room)))]
		r.piece.insert -= int64(len(b))
		r.newPos += int64(len(b))
		return len(b), r.source.insert(b)
	}
	b := room[:min(r.piece.copy, int64(len(room)))]
	if err := r.readOld(b, r.piece.oldPos); err != nil {
		return 0, err
	}
	if p := r.source.model(); p != nil {
		more := int64(len(b)) < r.piece.copy
		if more && len(b) < lookahead {
			return 0, nil
		}
		n, err := p.predict(b, r.piece.oldPos, r.newPos, more, r.source.correct)
		if err != nil {
			return 0, err
		}
		b = b[:n]
	} else if err := r.source.correct(b); err != nil {
		return 0, err
	}
	r.newPos += int64(len(b))
	r.piece.oldPos += int64(len(b))
	r.piece.copy -= int64(len(b))
	return len(b), nil
}

// readOld reads bytes of the old program; outside of it they are zeros.
func (r *reader) readOld(b []byte, pos int64) error {
	if pos < 0 {
		n := min(-pos, int64(len(b)))
		clear(b[:n])
		b, pos = b[n:], pos+n
	}
	inside := int64(0)
	if pos < r.oldSize {
		inside = min(int64(len(b)), r.oldSize-pos)
	}
	clear(b[inside:])
	if inside == 0 {
		return nil
	}
	n, err := r.old.ReadAt(b[:inside], pos)
	if int64(n) == inside {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read the old program at %d: %w", pos+int64(n), err)
}
