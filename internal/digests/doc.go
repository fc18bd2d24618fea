// Package digests hashes a binary, and remembers what it has found.
//
// A start tells the program its digests, so it waits for them. Of a file that was
// hashed before, and was not changed since, a [Memory] knows them. Its promises:
//
//   - A file is known by what the kernel says of the open file: its number,
//     device and filesystem, its size, and when it was changed. The time of
//     change (ctime) is the kernel's own: no call sets it.
//   - A file whose last change is not clearly older than the hashing is hashed
//     again next time: within one tick of a filesystem's clock it could have been
//     changed once more (git calls that racily clean).
//   - What is remembered holds for one boot: the numbers of devices, and an
//     image that is written anew while the machine is off, are another matter
//     after it. On a filesystem that is not known to keep the time of change by
//     itself, and on systems other than Linux, nothing is remembered.
//   - The record is believed only where it is a regular file of this user, that
//     nobody else may read or write. Anything odd about it means a hash, and
//     never an error.
//
// The one writer that leaves no trace is a shared mapping of the file that was
// written to before, and is again. So a file is to be shown to a Memory when it
// runs already: the kernel executes nothing that somebody has open for writing,
// and lets nobody open for writing what it executes (ETXTBSY, execve(2)).
package digests
