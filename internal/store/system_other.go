//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package store

import (
	"errors"
	"os"
)

// Nothing is staged here yet: every operation that would write ends with an
// error that matches [errors.ErrUnsupported], at its lock.

const modeCounts = false

const (
	exclusive = 1
	shared    = 2
)

func tryLock(*os.File, int) error { return errors.ErrUnsupported }

func unlockFile(*os.File) {}

func openLock(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func createNew(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func createForReading(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func openAppend(string) (*os.File, error) { return nil, errors.ErrUnsupported }

func openRead(path string) (*os.File, error) { return os.Open(path) }

func ownedByUs(os.FileInfo) bool { return true }

func writable(string) error { return errors.ErrUnsupported }

func alive(int) bool { return false }

func carryOwner(*os.File, location) (warning, err error) { return nil, errors.ErrUnsupported }

func carryMode(*os.File, location) error { return errors.ErrUnsupported }

func carryCapability(*os.File, location) error { return errors.ErrUnsupported }

func canCarry(location) error { return errors.ErrUnsupported }

func shareGroup(*os.File, location) error { return errors.ErrUnsupported }
