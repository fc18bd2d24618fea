// Package publish keeps a release directory: the files that hosts read, signed
// manifests above all, and beside them what is prepared and not yet published.
//
//	DIR/stable.json                   the manifest of the channel stable
//	DIR/signatures/<sha256>.minisig   signatures, by the digest of what is signed
//	DIR/stable.json.minisig           a copy for minisign -V by hand
//	DIR/keys.json                     the key list, where a root signs release keys
//	DIR/programs/<sha256>.zst         programs, by their own digest, packed
//	DIR/deltas/<from>-<to>.delta      patches, by 16 digits of both digests
//	DIR/history/stable/<seq>.json     earlier manifests
//	DIR/.draft/stable/                what was added and is not published
//	DIR/.overseer/                    settings, lock, temporary files
//
// Its promises:
//
//   - A reader finds the old release or the new one at any moment, and always
//     signed. The manifest is the one file that changes; it is renamed into
//     place after everything that it names, its signatures included, is on the
//     disk. So whoever is killed, or loses power, in the middle has published
//     or has not.
//   - Each manifest of a product has a seq above those of all before it, in any
//     channel.
//   - Two publishers do not meet: a directory is locked while it changes.
//   - What was signed stays as it was signed: a file that is named by a digest
//     is never written again. Only signatures are added.
//   - A directory that does not fit together (a manifest older than its history,
//     without a signature, of another product) is refused and left alone.
//   - Nothing below a name that begins with a dot is served or uploaded.
package publish
