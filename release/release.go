// Package release names the bytes of a program while nothing is known about
// them yet, and the digest by which everybody else refers to them.
//
// Bytes change type as they gain trust:
//
//	release.Candidate  ->  trust.Verified  ->  store.Staged
//	somebody offers it     a policy let it in  it stands on the disk, hashed
//
// Only trust.Check makes the second from the first, and only the store makes
// the third from the second: running bytes that nobody looked at is a compile
// error.
package release

import "io"

// A Candidate is what a source offers to run next. Nothing about it is proven:
// every field but Body is the source's own claim.
type Candidate struct {
	// Body yields the bytes of the program. Whoever consumes the candidate
	// closes it where it is an [io.Closer].
	Body io.Reader

	// Source says in a log where the bytes come from: a URL, a path.
	Source string

	// Size is the length of Body in bytes where the source states one, and 0
	// where it does not. It is checked against what arrives.
	Size int64

	// Digest is the SHA-256 of Body where the source states one, and zero
	// where it does not. It is checked against what arrives.
	Digest Digest

	// Statement is the signed manifest that names these bytes, where the
	// source has one: the body then yields the artifact of the manifest for
	// its platform, and nothing that the manifest says is followed before the
	// first Read of Body.
	Statement *Statement
}

// Close closes Body where it can be closed. It may be called more than once as
// far as the body allows it.
func (c Candidate) Close() error {
	if closer, ok := c.Body.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}
