//go:build !unix

package publish

// syncDir does nothing: there is no handle of a directory to flush here.
func syncDir(string) error { return nil }
