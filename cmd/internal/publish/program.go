package publish

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/klauspost/compress/zstd"

	"github.com/seed-3d078585/overseer/release"
)

const (
	// MaxProgram is what a host takes where it was not told otherwise.
	MaxProgram = 1 << 30

	// packedWindow is the memory that a host needs to unpack, about.
	packedWindow = 8 << 20

	stepSize = 1 << 20 // between two signs of progress
)

// A program is one that was read whole, or a directory as one tar: its deltas are made in memory, and
// nobody can change it between two passes.
type program struct {
	digest release.Digest
	bytes  []byte
}

func readProgram(path string) (program, error) {
	f, err := os.Open(path)
	if err != nil {
		return program{}, err
	}
	defer f.Close() // only read
	info, err := f.Stat()
	if err != nil {
		return program{}, err
	}
	switch {
	case info.IsDir():
		return readTree(path)
	case !info.Mode().IsRegular():
		return program{}, fmt.Errorf("%q is no regular file", path)
	case info.Size() == 0:
		return program{}, fmt.Errorf("%q is empty", path)
	case info.Size() > MaxProgram:
		return program{}, fmt.Errorf("%q has %d bytes, more than the %d that a host takes", path, info.Size(), MaxProgram)
	}
	data, err := readAll(f, path, MaxProgram)
	if err == nil {
		err = refusePacked(path, data)
	}
	return program{sha256.Sum256(data), data}, err
}

// pack writes the program where its draft has it, unless it stands already, and
// describes it.
func (d *Directory) pack(ctx context.Context, p program, channel, platform string) (release.Artifact, error) {
	name := programName(p.digest)
	a := release.Artifact{Size: int64(len(p.bytes)), Digest: p.digest, Packing: release.Zstd, URLs: []string{name}}
	for _, place := range []string{name, draftName(channel, name)} {
		size, digest, err := d.packedAs(ctx, place, p.digest, a.Size)
		if err == nil {
			a.PackedSize, a.PackedDigest = size, digest
			return a, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return a, err
		}
	}
	t, err := d.disk.temp()
	if err != nil {
		return a, err
	}
	defer t.drop()
	hash := sha256.New()
	done, end := d.work("pack "+platform, a.Size)
	defer end()
	enc, err := packer(io.MultiWriter(t, hash), a.Size)
	if err != nil {
		return a, err
	}
	defer enc.Close()
	for at := 0; at < len(p.bytes); {
		if err := ctx.Err(); err != nil {
			return a, err
		}
		n, err := enc.Write(p.bytes[at:min(at+stepSize, len(p.bytes))])
		if err != nil {
			return a, fmt.Errorf("pack %s: %w", platform, err)
		}
		at += n
		done(int64(at))
	}
	if err := enc.Close(); err != nil {
		return a, fmt.Errorf("pack %s: %w", platform, err)
	}
	if a.PackedSize, err = t.Seek(0, io.SeekCurrent); err != nil {
		return a, err
	}
	a.PackedDigest = release.Digest(hash.Sum(nil))
	return a, t.become(draftName(channel, name))
}

// packer packs as small as it can. A small program needs neither a large window
// nor a second goroutine, and each costs tens of megabytes.
func packer(w io.Writer, size int64) (*zstd.Encoder, error) {
	window := zstd.MinWindowSize
	for int64(window) < size && window < packedWindow {
		window *= 2
	}
	options := []zstd.EOption{zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(window)}
	if window < packedWindow {
		options = append(options, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	}
	return zstd.NewWriter(w, options...)
}

// packedAs proves a packed program that stands already and describes it.
func (d *Directory) packedAs(ctx context.Context, name string, want release.Digest, size int64) (int64, release.Digest, error) {
	f, err := os.Open(d.disk.path(name))
	if err != nil {
		return 0, release.Digest{}, err
	}
	defer f.Close() // only read
	packed := sha256.New()
	n := &counter{}
	got, err := unpackedDigest(ctx, io.TeeReader(f, io.MultiWriter(packed, n)), size)
	if err == nil && got != want {
		err = fmt.Errorf("its bytes are those of %s", got.Short())
	}
	if err == nil {
		_, err = io.Copy(io.MultiWriter(packed, n), f) // what the decoder left
	}
	if err != nil {
		return 0, release.Digest{}, fmt.Errorf("%w: %s is damaged: %w: put it back from a copy, or remove it and add the program again", ErrState, name, err)
	}
	return n.n, release.Digest(packed.Sum(nil)), nil
}

// unpackedDigest is that of the program in r, which has size bytes.
func unpackedDigest(ctx context.Context, r io.Reader, size int64) (release.Digest, error) {
	dec, err := unpacker(r)
	if err != nil {
		return release.Digest{}, err
	}
	defer dec.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, io.LimitReader(bound(ctx, dec), size+1))
	if err == nil && n != size {
		err = fmt.Errorf("it unpacks to %d bytes or more, not %d", n, size)
	}
	return release.Digest(hash.Sum(nil)), err
}

// unpacker bounds its memory: a window far above that of pack is not from here.
func unpacker(r io.Reader) (*zstd.Decoder, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(4*packedWindow))
}

// loadProgram unpacks a program that stands in the directory.
func (d *Directory) loadProgram(ctx context.Context, a release.Artifact) (program, error) {
	f, err := os.Open(d.disk.path(programName(a.Digest)))
	if err != nil {
		return program{}, err
	}
	defer f.Close() // only read
	dec, err := unpacker(f)
	if err != nil {
		return program{}, err
	}
	defer dec.Close()
	var out bytes.Buffer
	out.Grow(int(min(a.Size, MaxProgram)) + bytes.MinRead)
	if _, err := io.Copy(&out, io.LimitReader(bound(ctx, dec), a.Size+1)); err != nil {
		return program{}, err
	}
	p := program{sha256.Sum256(out.Bytes()), out.Bytes()}
	if p.digest != a.Digest {
		return program{}, fmt.Errorf("%w: %s is damaged: it unpacks to the bytes of %s", ErrState, programName(a.Digest), p.digest.Short())
	}
	return p, nil
}

// bound ends a reader with ctx.
func bound(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A counter counts what is written to it.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) { c.n += int64(len(p)); return len(p), nil }
