//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package store

func sameMount(string, string) bool { return false }
