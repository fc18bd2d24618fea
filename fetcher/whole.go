package fetcher

import (
	"fmt"
	"io"

	"github.com/seed-3d078585/overseer/release"
)

// A wholeReader unpacks the program out of the file that an artifact names. What
// is damaged shows as a failure to unpack mostly; only the digest of the packed
// file tells a bad mirror from a bad release, so the file is read to its end
// either way, and io.EOF comes only after its digest was right.
type wholeReader struct {
	packed *mirrors
	from   *unpacked
}

// whole begins the download of the whole program.
func (b *artifactBody) whole() (io.ReadCloser, error) {
	a := b.artifact
	as, err := signedWrapping(a.Packing)
	if err != nil {
		return nil, err
	}
	f := file{a.URLs, a.Size, a.Digest}
	if a.Packing != release.NotPacked {
		f = file{a.URLs, a.PackedSize, a.PackedDigest}
	}
	w := &wholeReader{packed: newMirrors(b.ctx, f, b.avoid, b.open)}
	how := unpacking{wrapping: as, path: a.Path, scratch: b.scratch, max: b.max, window: maxSignedWindow}
	if w.from, err = how.unpack(w.packed, ""); err != nil {
		err = w.why(err)
		w.packed.Close()
		return nil, err
	}
	w.from.Reader = &bounded{w.from.Reader, a.Size, fmt.Errorf("more bytes than the %d that the manifest states", a.Size)}
	return w, nil
}

func (w *wholeReader) Read(p []byte) (int, error) {
	n, err := w.from.Read(p)
	switch err {
	case nil:
		return n, nil
	case io.EOF:
		if err := w.rest(); err != nil {
			return 0, err
		}
		return n, io.EOF
	}
	return 0, w.why(err)
}

// rest makes sure that nothing follows what was unpacked, and that it was right.
func (w *wholeReader) rest() error {
	n, err := io.Copy(io.Discard, w.packed)
	if err == nil && n > 0 {
		err = fmt.Errorf("unpack: %d bytes follow the end of the packed program", n)
	}
	return err
}

// why finds out whether the download or the release is to blame.
func (w *wholeReader) why(err error) error {
	if _, ours := err.(*scratchError); ours {
		return err
	}
	if _, err := io.Copy(io.Discard, w.packed); err != nil {
		return err
	}
	return fmt.Errorf("unpack what the manifest names, which came undamaged: %w; it has to be published again", err)
}

func (w *wholeReader) Close() error { return w.from.Close() }
