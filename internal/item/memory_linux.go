package item

import (
	"os"

	"golang.org/x/sys/unix"
)

// memory returns a file in memory (memfd_create(2)) that holds the data.
func memory(data []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("overseer item", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "item")
	if _, err := f.Write(data); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
