// Package serve is a web server for a release directory, enough for a small
// fleet.
//
//   - It serves files, whole or in part, and nothing else: no listing, no hidden
//     name, no link that leads out.
//   - An ETag is the SHA-256 of the content, so that it holds over restarts,
//     copies and several servers.
//   - What is named by its content may be cached for ever; what changes is asked
//     about each time, and costs an answer without a body where it did not.
//   - A client that reads nothing for half a minute is given up.
package serve
