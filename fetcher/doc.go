// Package fetcher is where the bytes of the next release come from: a file, a
// web server, GitHub, or a function of the program's own.
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
// Nothing about the bytes is proven here; that is the work of a trust policy.
//
// The smallest program:
//
//	overseer.Run(overseer.Config{
//		Program: program,
//		Address: ":3000",
//		Fetcher: &fetcher.HTTP{URL: "https://releases.example.com/app.gz"},
//	})
//
// A fetcher of your own needs [Interface] only. Package fetchertest tells
// whether it keeps the promises above.
package fetcher
