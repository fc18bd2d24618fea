// Package release holds the words in which a publisher, a source and a policy
// speak of a release. It opens no file, asks no network and checks no signature.
//
// A release is told in three steps:
//
//	Statement  ->  Manifest  ->  Artifact
//	bytes and      what they     the program of one platform: its digest and
//	signatures     say           size, and where it and its patches are
//
// A publisher signs the exact bytes of a [Manifest]. A source brings them with
// their signatures as a [Statement], and offers the program as a [Candidate]. A
// policy of package trust looks at the signatures first and parses second, and
// vouches for the digest that the manifest names. A [KeyList] says which keys
// may sign, where those change; a [Rollout] which hosts come first.
//
// Bytes change type as they gain trust:
//
//	release.Candidate  ->  trust.Verified  ->  store.Staged
//	somebody offers it     a policy let it in  it stands on the disk, hashed
//
// Only trust.Check makes the second from the first, and only the store makes
// the third from the second: running bytes that nobody looked at is a compile
// error.
//
// Promises:
//
//   - What [ParseManifest] and [ParseKeyList] take means the same to every
//     reader: no member twice, no null, nothing in upper case where encoding/json
//     would take it for lower case, numbers that a float64 holds, no text that
//     is not UTF-8.
//   - Everything is bounded: bytes, depth, counts, the length of each name.
//   - A path or a relative URL leads nowhere but below.
//   - What Encode writes, the parser reads, and Encode writes it the same again.
//
// docs/manifest.md has the format in full.
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
