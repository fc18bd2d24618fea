//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package store

import (
	"os"
	"syscall"
)

// sameMount reports whether a rename can lead from a to b.
func sameMount(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	if err != nil {
		return false
	}
	p, ok := x.Sys().(*syscall.Stat_t)
	q, also := y.Sys().(*syscall.Stat_t)
	return ok && also && p.Dev == q.Dev
}
