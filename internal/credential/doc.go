// Package credential finds the user that workers are to run as, and says
// whether this process can make them so, and keep them so.
//
//   - Names are looked up once, at the start, within a bound.
//   - A user who could change what the master runs is refused: the master's
//     rights would be that user's.
//   - What is looked at is what the kernel says to that very user, access
//     control lists and all (Linux).
package credential
