//go:build !linux

package store

// Without a /proc a process id has to do.

func bootID() string { return "" }

func pidNamespace() string { return "" }

func processStart(int) (start string, gone bool) { return "", false }
