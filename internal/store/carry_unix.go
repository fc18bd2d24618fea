//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// carryOwner gives f the owner of the installed binary. Where that is not
// allowed and a set-id bit would come to mean another user, it is an error;
// else the owner does not matter for running, and it is a warning.
func carryOwner(f *os.File, at location) (warning, err error) {
	want, err := statOf(at)
	if err != nil {
		return nil, err
	}
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
	if isSetID(want) {
		return nil, fmt.Errorf("%w: %w", setID(at, want), err)
	}
	_ = unix.Fchown(int(f.Fd()), -1, int(want.Gid)) // a group of its own is allowed to an owner
	return fmt.Errorf("the new %q cannot belong to %d:%d as the old one did, it belongs to user %d: %w", at.path, want.Uid, want.Gid, os.Geteuid(), err), nil
}

// carryMode gives f the mode of the installed binary.
func carryMode(f *os.File, at location) error {
	want, err := statOf(at)
	if err != nil {
		return err
	}
	if err := unix.Fchmod(int(f.Fd()), uint32(want.Mode)&0o7777); err != nil {
		return fmt.Errorf("%w: mode %04o of %q: %w", ErrCarry, want.Mode&0o7777, at.path, err)
	}
	// chmod(2) drops set-group-id silently where the group is not one of ours.
	var got unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &got); err != nil {
		return fmt.Errorf("look at the staged file: %w", err)
	}
	if got.Mode&0o7777 != want.Mode&0o7777 {
		return setID(at, want)
	}
	return nil
}

// shareGroup gives f the group of the installed binary, whose bits it is to have.
func shareGroup(f *os.File, at location) error {
	want, err := statOf(at)
	if err != nil {
		return err
	}
	return f.Chown(-1, int(want.Gid))
}

// canCarry says beforehand what the carrying over would say of set-id bits and
// capabilities.
func canCarry(at location) error {
	want, err := statOf(at)
	if err != nil {
		return err
	}
	if isSetID(want) && os.Geteuid() != 0 && int(want.Uid) != os.Geteuid() {
		return setID(at, want)
	}
	return canCarryCapability(at)
}

func statOf(at location) (*syscall.Stat_t, error) {
	st, ok := at.info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, fmt.Errorf("look at %q: %w", at.path, errors.ErrUnsupported)
	}
	return st, nil
}

func isSetID(st *syscall.Stat_t) bool { return st.Mode&(unix.S_ISUID|unix.S_ISGID) != 0 }

func setID(at location, st *syscall.Stat_t) error {
	return fmt.Errorf("%w: %q is set-id (mode %04o) and belongs to %d:%d: run as root or as that user, or clear the bits", ErrCarry, at.path, st.Mode&0o7777, st.Uid, st.Gid)
}
