//go:build unix

package isolate

import "os"

// withDescriptor lends a file's number, and leaves its mode alone, as Fd does
// not.
func withDescriptor(f *os.File, use func(fd int) error) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	used := error(nil)
	if err := raw.Control(func(fd uintptr) { used = use(int(fd)) }); err != nil {
		return err
	}
	return used
}
