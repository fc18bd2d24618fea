//go:build !linux

package demo

import "os"

// self returns a path to the bytes that this process runs.
func self() (string, error) { return os.Executable() }
