package digests

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A print is what a file is known by: two that are equal, within one boot, are of
// the same bytes.
type print struct {
	Filesystem [2]int32 `json:"filesystem"` // statfs(2), f_fsid
	Device     uint64   `json:"device"`
	Mount      uint64   `json:"mount,omitempty"` // where the device alone does not tell
	Inode      uint64   `json:"inode"`
	Size       int64    `json:"size"`
	Modified   [2]int64 `json:"modified"` // seconds and nanoseconds
	Changed    [2]int64 `json:"changed"`  // ctime
}

func (p print) changed() time.Time { return time.Unix(p.Changed[0], p.Changed[1]) }

func (p print) sameFile(other print) bool {
	return p.Filesystem == other.Filesystem && p.Device == other.Device && p.Mount == other.Mount && p.Inode == other.Inode
}

// Filesystems that keep the time of change themselves, by the kernel's clock.
// Not among them are those that believe another host or a process (NFS, FUSE),
// and images whose times were made together with them (squashfs, EROFS). Source:
// include/uapi/linux/magic.h, and of the last two their own.
const (
	zfs      = 0x2fc12fc1
	bcachefs = 0xca451a4e
)

// take returns the print of a file; known is false where it would not do.
func take(f *os.File) (p print, known bool) {
	raw, err := f.SyscallConn()
	if err != nil {
		return p, false
	}
	if err := raw.Control(func(fd uintptr) { p, known = takeFD(int(fd)) }); err != nil {
		return p, false
	}
	return p, known
}

func takeFD(fd int) (p print, known bool) {
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return p, false
	}
	switch int64(fs.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC, unix.TMPFS_MAGIC, zfs, bcachefs:
	case unix.OVERLAYFS_SUPER_MAGIC:
		// What lies below may be an image; but for the life of one mount that is
		// the same one.
		if p.Mount = mountOf(fd); p.Mount == 0 {
			return p, false
		}
	default:
		return p, false
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return p, false
	}
	p.Filesystem = fs.Fsid.Val
	p.Device, p.Inode, p.Size = uint64(st.Dev), st.Ino, st.Size
	p.Modified = [2]int64{int64(st.Mtim.Sec), int64(st.Mtim.Nsec)}
	p.Changed = [2]int64{int64(st.Ctim.Sec), int64(st.Ctim.Nsec)}
	return p, true
}

// mountOf is the number of a file's mount that no other one gets in this boot,
// statx(2), or 0 before Linux 6.8.
func mountOf(fd int) uint64 {
	var st unix.Statx_t
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_MNT_ID_UNIQUE, &st); err != nil || st.Mask&unix.STATX_MNT_ID_UNIQUE == 0 {
		return 0
	}
	return st.Mnt_id
}
