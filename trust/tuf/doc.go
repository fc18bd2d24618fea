// Package tuf is a trust policy that takes its word from a TUF repository
// (The Update Framework, https://theupdateframework.io): the repository's
// metadata says which bytes may run, and a [Policy] vouches for their SHA-256
// and their length. The bytes themselves come from the program's own source;
// bytes that differ are refused by whoever stages them.
//
// It promises:
//
//   - All trust begins at the root.json that the program was built with. No
//     root is an error, never "skip".
//   - A key counts for what the newest root says of it. Keys that a root has
//     revoked sign nothing any more, and enough keys have to sign: as many as
//     the role's threshold asks for.
//   - What was seen is not forgotten: metadata that is older than what this
//     host has seen is refused, also after a restart, where the host gives the
//     policy a memory ([Policy.On]). What is remembered is verified again from
//     the pinned root at each use; it is never believed.
//   - Metadata that has expired is refused: nobody can hold a host at an old
//     release for longer than the repository's own expiry.
//   - A repository that is expired, broken, malicious or out of reach stops
//     updates and nothing else: there is an error, no panic, and no wait
//     without an end. Each request, each file, and the number of roots and
//     delegations are bounded, and reaching a bound is an error.
//   - Nothing is written to the filesystem by this package, and no name of the
//     repository is ever used as a path.
//
// It keeps to the client workflow of the specification, sections 5.3 to 5.7
// of https://theupdateframework.github.io/specification/latest/. Whether a file
// is to be trusted is decided by the library go-tuf alone, by its package
// trustedmetadata; this package brings the files in the order of the workflow.
// It does not use go-tuf's updater: that one reads and writes a directory,
// takes no context, and begins at whatever root the directory has.
//
// The smallest program:
//
//	//go:embed root.json
//	var root []byte
//
//	func main() {
//		policy, err := tuf.New(tuf.Options{
//			Root:        root,
//			MetadataURL: "https://releases.example.com/metadata/",
//			Target:      "app-{os}-{arch}",
//		})
//		if err != nil {
//			log.Fatal(err)
//		}
//		overseer.Run(overseer.Config{
//			Program: program,
//			Fetcher: &fetcher.HTTP{URL: "https://releases.example.com/targets/app-linux-amd64"},
//			Trust:   policy,
//		})
//	}
package tuf
