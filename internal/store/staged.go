package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/seed-3d078585/overseer/release"
)

// Staged is a candidate on the disk, hashed and executable:
//
//	Stage -> staged -> Install -> installed
//	            \----> Discard -> gone
//
// It is safe for concurrent use.
type Staged struct {
	store  *Store
	target string // what the installed path led to
	path   string
	digest release.Digest
	id     string
	size   int64
	file   *os.File
	tree   *stagedTree // nil for a binary

	mu    sync.Mutex // held through an Install
	ended bool       // installed or discarded
}

// Path is the hidden name in the directory of the installed program; of a
// directory release, the program in its tree. It holds the bytes until Install
// or Discard.
func (st *Staged) Path() string { return st.path }

// Root is the directory of a directory release, which stays the same when it is
// installed. It is empty for a binary.
func (st *Staged) Root() string {
	if st.tree == nil {
		return ""
	}
	return st.tree.dir
}

// Digest is the SHA-256 of the bytes; of a directory release, of its archive.
func (st *Staged) Digest() release.Digest { return st.digest }

// ID is the SHA-1 of the bytes in hexadecimal, the name that programs know
// from State.ID. Of a directory release it is the beginning of Digest, as long.
func (st *Staged) ID() string { return st.id }

// Size is the number of bytes; of a directory release, of the program in it.
func (st *Staged) Size() int64 { return st.size }

// File is a descriptor, for reading only, of the very bytes that were hashed:
// executed as /proc/self/fd/N they cannot be exchanged. It is closed by
// Discard and by an Install that succeeds, and by nobody else. It also tells
// other masters that the file has an owner.
func (st *Staged) File() *os.File { return st.file }

// locked is the path of what is locked as long as the candidate has an owner.
func (st *Staged) locked() string {
	if st.tree == nil {
		return st.path
	}
	return st.tree.dir
}

// Discard removes the file and closes the descriptor. It may be called again,
// and after Install, and then does nothing. While Install runs it waits. A tree
// that somebody holds stays until the next [Store.Recover], Stage or Install
// finds it free; for that one the lock of the state directory is waited for,
// bounded.
func (st *Staged) Discard() error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.ended {
		return nil
	}
	st.ended = true
	if err := st.store.layout.discard(st); err != nil {
		return fmt.Errorf("discard staged %q: %w", st.path, err)
	}
	return nil
}

func (s binary) discard(st *Staged) error {
	return errors.Join(removeFile(st.path), st.file.Close())
}

// removeFile is os.Remove; what is not there is no error.
func removeFile(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// verify proves that the path still names the bytes that were hashed.
func (st *Staged) verify(ctx context.Context) error {
	held, err := st.file.Stat()
	if err != nil {
		return fmt.Errorf("look at staged %q: %w", st.path, err)
	}
	named, err := os.Lstat(st.path)
	if err != nil {
		return fmt.Errorf("%w: %q: stage it again: %w", ErrChanged, st.path, err)
	}
	if !os.SameFile(held, named) {
		return fmt.Errorf("%w: %q is another file now: find out who writes there, and stage it again", ErrChanged, st.path)
	}
	got, err := digestOf(ctx, st.file, st.size)
	if err != nil {
		return fmt.Errorf("hash staged %q: %w", st.path, err)
	}
	if got != st.digest {
		return fmt.Errorf("%w: %q was written to: find out by whom, and stage it again: %w", ErrChanged, st.path, &DigestError{Want: st.digest, Got: got})
	}
	return nil
}

// digestOf hashes f from its beginning and leaves its offset alone. One byte
// more than size is read, so that a longer file has another digest.
func digestOf(ctx context.Context, f *os.File, size int64) (release.Digest, error) {
	h := sha256.New()
	buf := make([]byte, chunkSize)
	section := io.NewSectionReader(f, 0, size+1)
	for {
		if err := ctx.Err(); err != nil {
			return release.Digest{}, err
		}
		n, err := section.Read(buf)
		h.Write(buf[:n])
		if err == io.EOF {
			return release.Digest(h.Sum(nil)), nil
		}
		if err != nil {
			return release.Digest{}, err
		}
	}
}
