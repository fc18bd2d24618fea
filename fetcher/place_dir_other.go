//go:build !unix

package fetcher

import "io/fs"

// inode is empty where a file has no number that can be had without opening it.
func inode(fs.FileInfo) string { return "" }
