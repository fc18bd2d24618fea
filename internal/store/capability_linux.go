package store

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// capabilityXattr holds what setcap(8) gives a program, such as the right to
// bind port 80.
const capabilityXattr = "security.capability"

// capability reads the program's; nil where it has none.
func capability(path string) ([]byte, error) {
	buf := make([]byte, 256) // the kernel's largest form has 24 bytes
	n, err := unix.Lgetxattr(path, capabilityXattr, buf)
	switch {
	case errors.Is(err, unix.ENODATA), errors.Is(err, unix.ENOTSUP):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read capabilities of %q: %w", path, err)
	}
	return buf[:n], nil
}

func carryCapability(f *os.File, at location) error {
	value, err := capability(at.path)
	if err != nil || value == nil {
		return err
	}
	if err := unix.Fsetxattr(int(f.Fd()), capabilityXattr, value, 0); err != nil {
		return fmt.Errorf("%w: %w", noCapability(at), err)
	}
	return nil
}

func canCarryCapability(at location) error {
	value, err := capability(at.path)
	if err != nil || value == nil {
		return err
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return nil // not known; the Install will tell
	}
	if data[0].Effective&(1<<unix.CAP_SETFCAP) == 0 {
		return noCapability(at)
	}
	return nil
}

func noCapability(at location) error {
	return fmt.Errorf("%w: %q has file capabilities (getcap shows them), and giving them to a file needs CAP_SETFCAP: let the service manager give the program what it needs (AmbientCapabilities= in a systemd unit) and clear them with setcap -r, or grant CAP_SETFCAP", ErrCarry, at.path)
}
