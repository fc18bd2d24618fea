//go:build unix

package fetcher

import (
	"fmt"
	"io/fs"
	"syscall"
)

// inode names the file among those of the system.
func inode(info fs.FileInfo) string {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%d:%d", s.Dev, s.Ino)
	}
	return ""
}
