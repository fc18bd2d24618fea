package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// image is where the file lies that the disk is made of.
func (h *host) image() string { return filepath.Join(h.dir, "image") }

// mountDisk mounts a disk of so many bytes: ext4 over a file in memory, which can be
// frozen; or, where this host has no loop devices, memory itself, which cannot.
func (h *host) mountDisk(size int64) error {
	if err := os.Mkdir(h.image(), 0o700); err != nil {
		return err
	}
	if err := unix.Mount("torture", h.image(), "tmpfs", 0, fmt.Sprintf("size=%d", 2*size)); err != nil {
		return err
	}
	file := filepath.Join(h.image(), "disk")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return err
	}
	if err := os.Truncate(file, size+8<<20); err != nil { // and the journal of ext4
		return err
	}
	err := exec.Command("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0", file).Run()
	if err == nil {
		err = exec.Command("mount", "-o", "loop,noatime", file, h.disk).Run()
	}
	if err == nil {
		h.freezes = true
		return os.Remove(filepath.Join(h.disk, "lost+found"))
	}
	h.story.say("the disk cannot be frozen here: %v", err)
	return unix.Mount("torture", h.disk, "tmpfs", 0, fmt.Sprintf("size=%d", size))
}

// freeze has each write to the disk wait, as one that hangs does: see fsfreeze(8).
func (h *host) freezeDisk(last time.Duration) error {
	if !h.freezes {
		return skipped("the disk cannot be frozen here")
	}
	d, err := os.Open(h.disk)
	if err != nil {
		return err
	}
	defer d.Close()
	const freeze, thaw = 0xc0045877, 0xc0045878 // FIFREEZE, FITHAW: linux/fs.h
	if err := unix.IoctlSetInt(int(d.Fd()), freeze, 0); err != nil {
		return fmt.Errorf("freeze the disk: %w", err)
	}
	time.Sleep(last)
	return unix.IoctlSetInt(int(d.Fd()), thaw, 0)
}

// spoilDisk fills the disk, makes it read-only, or has it hang, for a while.
func (h *host) spoilDisk(s step) error {
	if !h.root {
		return skipped("only root can")
	}
	if !h.diskFault.TryLock() {
		return skipped("the disk is bad already")
	}
	defer h.diskFault.Unlock()
	if s.Kind == frozenDisk { // late, but nothing fails
		return h.freezeDisk(s.For)
	}
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
