// Package durable changes the disk so that a power cut leaves the state before
// or the state after, and never a third one.
//
// Its promises:
//
//   - A name is given to a file only after the file's bytes are on the disk,
//     and a change of names is on the disk when the method returns.
//   - A name that is replaced is never missing in between.
//   - A method that fails leaves no file of its own behind.
//   - Every step that changes the disk is announced before it is taken, so that
//     a test can record the order, fail any one step or end the process there.
//
// The smallest use:
//
//	err := durable.Disk{}.WriteFile("state.json", data, 0o600)
package durable

import (
	"errors"
	"fmt"
	"os"
)

// An Op is the kind of a step.
type Op string

// The steps that change the disk.
const (
	Create  Op = "create"
	Write   Op = "write"
	Own     Op = "own"     // change owner
	Mode    Op = "mode"    // change mode
	Xattr   Op = "xattr"   // set an extended attribute
	Sync    Op = "sync"    // flush a file
	Close   Op = "close"   // close a file that was written
	Link    Op = "link"    // hard link
	Symlink Op = "symlink" // symbolic link
	Rename  Op = "rename"  // rename over whatever is there
	Remove  Op = "remove"  // unlink
	Mkdir   Op = "mkdir"   // make a directory
	SyncDir Op = "syncdir" // flush a directory

	SyncTree  Op = "synctree"  // flush a directory and all that is in it
	RemoveAll Op = "removeall" // remove a directory and all that is in it
)

// A Step is one change of the disk.
type Step struct {
	Op   Op
	Path string
	To   string // the new name, for Link and Rename
}

func (s Step) String() string {
	if s.To != "" {
		return fmt.Sprintf("%s %s %s", s.Op, s.Path, s.To)
	}
	return fmt.Sprintf("%s %s", s.Op, s.Path)
}

// A Disk takes durable steps. The zero Disk is the real one and needs nothing.
// It is safe for concurrent use where Before is.
type Disk struct {
	// Before, where set, is asked before each step. Its error is returned in
	// place of the step. The undoing after a failure is not asked about: a
	// full disk does not refuse to unlink.
	Before func(Step) error
}

// Do takes one step that the caller describes. It is for steps that only the
// caller can take, so that they stand in the same order as the others.
func (d Disk) Do(s Step, step func() error) error {
	if d.Before != nil {
		if err := d.Before(s); err != nil {
			return &os.PathError{Op: string(s.Op), Path: s.Path, Err: err}
		}
	}
	return step()
}

// SyncDir flushes a directory: the names in it survive a power cut. A
// filesystem that cannot flush a directory is no error, as nothing more can be
// done there.
func (d Disk) SyncDir(dir string) error {
	return d.Do(Step{Op: SyncDir, Path: dir}, func() error { return syncDir(dir) })
}

// Mkdir makes one directory and flushes its parent. A directory that is there
// already is an error that matches [os.ErrExist].
func (d Disk) Mkdir(dir string, mode os.FileMode) error {
	err := d.Do(Step{Op: Mkdir, Path: dir}, func() error { return os.Mkdir(dir, mode) })
	if err != nil {
		return err
	}
	return d.SyncDir(parent(dir))
}

// Remove unlinks a file and flushes its directory. A file that is not there is
// no error.
func (d Disk) Remove(path string) error {
	err := d.Do(Step{Op: Remove, Path: path}, func() error { return os.Remove(path) })
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.SyncDir(parent(path))
}

// Link gives oldPath's file a second name and flushes that name's directory. A
// newPath that is there already is an error that matches [os.ErrExist].
func (d Disk) Link(oldPath, newPath string) error {
	err := d.Do(Step{Op: Link, Path: oldPath, To: newPath}, func() error { return os.Link(oldPath, newPath) })
	if err != nil {
		return err
	}
	return d.SyncDir(parent(newPath))
}

// Replace renames oldPath over newPath and flushes the directories of both.
// The bytes of oldPath have to be flushed already. It is in the two parts of
// [Disk.Rename] and [Disk.Settle] for whoever must tell their failures apart.
func (d Disk) Replace(oldPath, newPath string) error {
	if err := d.Rename(oldPath, newPath); err != nil {
		return err
	}
	return d.Settle(oldPath, newPath)
}

// Rename renames oldPath over newPath; it is durable after [Disk.Settle].
func (d Disk) Rename(oldPath, newPath string) error {
	return d.Do(Step{Op: Rename, Path: oldPath, To: newPath}, func() error { return os.Rename(oldPath, newPath) })
}

// Settle flushes the directories of both names of a rename, the new one first:
// between the two flushes a power cut may leave both names, never neither.
func (d Disk) Settle(oldPath, newPath string) error {
	from, to := parent(oldPath), parent(newPath)
	if err := d.SyncDir(to); err != nil || from == to {
		return err
	}
	return d.SyncDir(from)
}
