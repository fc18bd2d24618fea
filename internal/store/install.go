package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/seed-3d078585/overseer/internal/durable"
)

// Installed says what an [Store.Install] did.
type Installed struct {
	// Path is the file that was replaced, with links followed; of a directory
	// release, the link that was.
	Path string

	// Previous holds the binary that was installed before, or leads to the tree
	// that was. It is empty where none is kept.
	Previous string

	// Linked says that Path is not what the user named: a symbolic link led
	// there. The link was left alone.
	Linked bool

	// Already says that another master had installed the same bytes, so that
	// there was nothing to replace.
	Already bool

	// Warnings are what a person should know and did not stop the Install,
	// such as an owner that could not be carried over.
	Warnings []error
}

// Install is the commit: the staged file becomes the installed one. Mode,
// owner and file capabilities of the installed binary are carried over, it
// stays on the disk as Previous, one rename puts the new one in its place, the
// directory is flushed and the record of the trial is cleared.
//
// After an error the installed path is untouched (though it may have become its
// own previous), and st may be installed again or discarded. That the directory
// could not be flushed is a warning: the new binary is installed, and a power
// cut might still bring the old one back, whole. Install waits for the lock of
// the state directory, bounded and until ctx ends; ctx is not looked at once the
// replacing has begun.
//
// Of a directory release, each file is compared with what was unpacked, and what
// is replaced is the link "current". Trees that are too many are removed.
//
// Errors that can be matched: those of ctx, [ErrMoved], [ErrChanged],
// [ErrCarry], [ErrEnded], [ErrVanished], [ErrNotFile], [ErrNotWritable],
// [ErrNoSpace], [ErrLocked], [ErrUnsafeDir], [ErrNotLink].
func (s *Store) Install(ctx context.Context, st *Staged) (Installed, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	done, err := s.install(ctx, st)
	if err != nil {
		return done, fmt.Errorf("install %s over %q: %w", st.digest.Short(), st.target, err)
	}
	return done, nil
}

func (s *Store) install(ctx context.Context, st *Staged) (Installed, error) {
	if st.ended {
		return Installed{}, ErrEnded
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return Installed{}, err
	}
	defer unlock()
	return s.layout.installLocked(ctx, st)
}

func (s binary) installLocked(ctx context.Context, st *Staged) (Installed, error) {
	at, err := s.resolve()
	if err != nil {
		return Installed{}, err
	}
	if at.path != st.target {
		return Installed{}, fmt.Errorf("%w: it was %q, it is %q: stage the candidate again", ErrMoved, st.target, at.path)
	}
	if err := st.verify(ctx); err != nil {
		return Installed{}, err
	}
	done := Installed{Path: at.path, Linked: at.linked}
	if same, err := isInstalled(ctx, at, st); err != nil {
		return Installed{}, err
	} else if same {
		return s.alreadyLocked(done, at, st), nil
	}
	if done.Previous, err = s.keepPrevious(ctx, at); err != nil {
		return Installed{}, fmt.Errorf("keep the installed program as previous: %w", advise(err, s.dir))
	}
	return s.replaceLocked(done, at, st)
}

// isInstalled reports whether the target holds the staged bytes already.
func isInstalled(ctx context.Context, at location, st *Staged) (bool, error) {
	if at.info.Size() != st.size {
		return false, nil
	}
	f, err := openRead(at.path)
	if err != nil {
		return false, vanished(at.path, err)
	}
	defer f.Close() // only read
	got, err := digestOf(ctx, f, st.size)
	return got == st.digest, err
}

// alreadyLocked ends st where a fellow master was faster. Installing it over
// itself would lose the previous binary.
func (s binary) alreadyLocked(done Installed, at location, st *Staged) Installed {
	done.Already = true
	if previous := s.previousPath(at); isFile(previous) {
		done.Previous = previous
	}
	os.Remove(st.path)
	st.ended = true
	done.Warnings = s.provenLocked(at, st) // that master may have been killed before its flush
	return done
}

// replaceLocked carries the rights over and renames.
func (s binary) replaceLocked(done Installed, at location, st *Staged) (Installed, error) {
	warnings, err := s.carryOver(at, st)
	if err == nil {
		done.Warnings = warnings
		err = s.disk.Rename(st.path, at.path)
	}
	if err != nil {
		_ = s.share(durable.Disk{}, st.file, st.path, at) // back to what nobody else may write to
		return Installed{}, advise(err, at.dir)
	}
	st.ended = true
	done.Warnings = append(done.Warnings, s.provenLocked(at, st)...)
	return done, nil
}

// carryOver gives the staged file the rights of the installed one. The order
// is chown(2)'s: it clears the set-id bits and the capabilities.
func (s binary) carryOver(at location, st *Staged) (warnings []error, err error) {
	take := func(op durable.Op, step func() error) {
		if err == nil {
			err = s.disk.Do(durable.Step{Op: op, Path: st.path}, step)
		}
	}
	take(durable.Own, func() error {
		warning, err := carryOwner(st.file, at)
		if warning != nil {
			warnings = append(warnings, warning)
		}
		return err
	})
	take(durable.Mode, func() error { return carryMode(st.file, at) })
	take(durable.Xattr, func() error { return carryCapability(st.file, at) })
	take(durable.Sync, st.file.Sync)
	return warnings, err
}

// provenLocked ends what belongs to a digest that is not a candidate any more.
// It fails to a warning: the rename cannot be called off, and Recover sees what
// is installed and settles the rest.
func (s binary) provenLocked(at location, st *Staged) (warnings []error) {
	st.file.Close() // only read
	if err := s.disk.SyncDir(at.dir); err != nil {
		warnings = append(warnings, fmt.Errorf("the new program is in its place, but the directory could not be flushed, so a power cut may bring the old one back: %w", advise(err, at.dir)))
		return warnings // its trial stays on record as long as it may come back
	}
	if err := s.clearTrialsLocked(st.digest); err != nil {
		warnings = append(warnings, fmt.Errorf("clear the record of the trial: %w", advise(err, s.dir)))
	}
	return warnings
}

func isFile(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular()
}

func isAbsent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
