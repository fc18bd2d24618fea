//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package store

import "os"

// File capabilities are a thing of Linux.

func carryCapability(*os.File, location) error { return nil }

func canCarryCapability(location) error { return nil }
