// Package fetcher is where the bytes of the next release come from: a signed
// manifest and what it names, a file, a web server, GitHub, or a function of the
// program's own.
//
// It promises:
//
//   - Nothing is remembered before it is safe. What a source saw (an ETag, a
//     modification time) counts as seen only after the consumer said so with
//     [Receipt]. A broken download, a full disk or a crash in between costs a
//     second look, never an update.
//   - The same bytes are not downloaded twice by one fetcher: requests are
//     conditional, and a download that breaks off goes on where it stopped.
//   - Bytes of two releases are never joined. What was resumed is proven to be
//     the same by its validator, its range and its length; what cannot be
//     proven is an error from Read.
//   - The end of the bytes is the end of the release: a body that was cut, a
//     file that changed while it was read, end with an error, not with
//     [io.EOF].
//   - Nothing waits for ever, and nothing grows without bound: dialling, the
//     answer, each read, redirects, resumes and sizes are limited, and
//     reaching a limit is an error. A [ContextFetcher] ends with its context.
//
// Who made the bytes is not proven here; that is the work of a trust policy. A
// source by manifest ([Manifest], and [Github] with one) goes hand in hand with
// it, and promises more:
//
//   - Nothing that a manifest says is followed before the policy has vouched
//     for it: it is brought as the candidate's Statement, and the first Read
//     is the first to use it.
//   - The bytes that end with [io.EOF] are those that the manifest names, by
//     length and SHA-256, whatever way they came: by a delta from the program
//     that is installed, packed, in an archive, in pieces from several mirrors.
//   - A way that fails is left for another, and is not gone twice. Where bytes
//     were handed out already, [ErrAgain] says that the next fetch goes it.
//
// Where the files lie is a [Place]: [Web] and [Dir] are of this package, other
// modules bring more.
//
// The smallest program:
//
//	overseer.Run(overseer.Config{
//		Program: program,
//		Address: ":3000",
//		Fetcher: &fetcher.Manifest{URL: "https://releases.example.com/app/stable.json"},
//		Trust:   trust.Minisign(publicKey).For("app", "stable"),
//	})
//
// A fetcher of your own needs [Interface] only. Package fetchertest tells
// whether it keeps the promises above, and whether a place of your own does.
package fetcher
