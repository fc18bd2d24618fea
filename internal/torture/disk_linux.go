package main

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// spoilDisk fills the disk, or makes it read-only, for a while.
func (h *host) spoilDisk(s step) error {
	if !h.root {
		return skipped("only root can")
	}
	if !h.diskFault.TryLock() {
		return skipped("the disk is bad already")
	}
	defer h.diskFault.Unlock()
	h.mu.Lock()
	h.badDisk, h.diskIsBad = h.badDisk+1, true
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.diskIsBad = false
	}()
	if s.Kind == fullDisk {
		filler := filepath.Join(h.disk, "filler")
		if err := fill(filler, s.Number%3*(64<<10)); err != nil {
			return errors.Join(err, os.Remove(filler))
		}
		time.Sleep(s.For)
		return os.Remove(filler)
	}
	// What is open stays writable; whoever looks a path up finds a mount that is not.
	if err := unix.Mount(h.disk, h.disk, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	err := unix.Mount("", h.disk, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")
	if err == nil {
		time.Sleep(s.For)
	}
	return errors.Join(err, unix.Unmount(h.disk, unix.MNT_DETACH))
}

// fill writes until there is no room, and leaves so many bytes.
func fill(path string, leave int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	block := make([]byte, 256<<10)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return err
	}
	size, err := f.Seek(0, 1)
	if err != nil {
		return err
	}
	return f.Truncate(max(0, size-int64(leave)))
}
