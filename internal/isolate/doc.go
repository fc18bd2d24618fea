// Package isolate has a source fetch, and a policy verify, in a process of their
// own: the fetch process.
//
//   - Whatever happens there (a panic, a fatal error of the runtime, no memory
//     left, os.Exit, kill -9, a hole in a parser) ends that process and nothing
//     else. It is told as a failure to fetch, and the next fetch starts another.
//   - The master gives it a pipe, hashes what comes out of it on its way to the
//     disk, and refuses bytes that are not those vouched for. Nothing that the
//     process holds can change them afterwards. No descriptor is taken from it.
//   - It gives up what rights it can once the program has reached Run. Where it
//     has none of the master's, the state directory and the installed program
//     are out of its reach: what a policy of another kind remembers is read and
//     written by the master, under the lock, one bounded record at a time.
//   - Signatures are checked in the process first and then in the master, which
//     so parses nothing that the publisher has not signed, and remembers by
//     itself what it has seen. Of other policies the process is believed what it
//     vouches for. Quarantine, the digest, the bounds, the preflight, the trial:
//     all else is the master's.
//   - It ends with the master, however that ends, and one that falls silent is
//     ended.
//
// A [Source] is the master's side, [Serve] the process's. The conversation is
// described in package handover.
package isolate
