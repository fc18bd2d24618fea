//go:build !unix

package durable

// syncDir does nothing: there is no handle of a directory to flush here.
func syncDir(string) error { return nil }
