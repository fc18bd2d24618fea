// Package keys makes, reads and uses the keys that sign releases. Their form,
// and that of the signatures, is minisign's: what stands here can be checked,
// and made, by its command too.
//
//   - A secret key is written once, for its owner only, and never over another
//     file. It is protected by a password unless that is declined.
//   - A password is never echoed, logged, or part of an error.
//   - A key counts once, however often it has signed. Two keys of the same ID
//     are two keys.
//
// The format: https://jedisct1.github.io/minisign/#signature-format.
package keys
