//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// carry gives f the owner, the mode and the capabilities of the installed
// binary, in this order: chown(2) clears the set-id bits and the capabilities.
// What would change the meaning of a right is an error; an owner that does
// not matter for running is a warning.
func carry(f *os.File, at location) (warnings []error, err error) {
	want, ok := at.info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, fmt.Errorf("look at %q: %w", at.path, errors.ErrUnsupported)
	}
	warning, err := carryOwner(f, at, want)
	if err != nil {
		return nil, err
	}
	if warning != nil {
		warnings = append(warnings, warning)
	}
	if err := unix.Fchmod(int(f.Fd()), uint32(want.Mode)&0o7777); err != nil {
		return nil, fmt.Errorf("%w: mode %04o of %q: %w", ErrCarry, want.Mode&0o7777, at.path, err)
	}
	// Not every user may set every bit: chmod(2) drops set-group-id silently
	// where the group is not one of ours.
	var got unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &got); err != nil {
		return nil, fmt.Errorf("look at the staged file: %w", err)
	}
	if got.Mode&0o7777 != want.Mode&0o7777 {
		return nil, fmt.Errorf("%w: mode %04o of %q became %04o: run as its owner %d:%d, or clear the bits", ErrCarry, want.Mode&0o7777, at.path, got.Mode&0o7777, want.Uid, want.Gid)
	}
	return warnings, carryCapability(f, at)
}

// carryOwner returns a warning where the owner stays another one.
func carryOwner(f *os.File, at location, want *syscall.Stat_t) (warning, err error) {
	var have unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &have); err != nil {
		return nil, fmt.Errorf("look at the staged file: %w", err)
	}
	if have.Uid == want.Uid && have.Gid == want.Gid {
		return nil, nil
	}
	err = unix.Fchown(int(f.Fd()), int(want.Uid), int(want.Gid))
	if err == nil {
		return nil, nil
	}
	if want.Mode&(unix.S_ISUID|unix.S_ISGID) != 0 {
		return nil, fmt.Errorf("%w: %q is set-id (mode %04o) and belongs to %d:%d: run as root or as that user, or clear the bits: %w", ErrCarry, at.path, want.Mode&0o7777, want.Uid, want.Gid, err)
	}
	_ = unix.Fchown(int(f.Fd()), -1, int(want.Gid)) // its own group is allowed to an owner
	return fmt.Errorf("the new %q cannot belong to %d:%d as the old one did (%w); it belongs to user %d", at.path, want.Uid, want.Gid, err, os.Geteuid()), nil
}

// canCarry says beforehand what carry would say of set-id bits and capabilities.
func canCarry(at location) error {
	want, ok := at.info.Sys().(*syscall.Stat_t)
	if ok && want.Mode&(unix.S_ISUID|unix.S_ISGID) != 0 && os.Geteuid() != 0 && int(want.Uid) != os.Geteuid() {
		return fmt.Errorf("%w: %q is set-id (mode %04o) and belongs to %d:%d: run as root or as that user, or clear the bits", ErrCarry, at.path, want.Mode&0o7777, want.Uid, want.Gid)
	}
	return canCarryCapability(at)
}
