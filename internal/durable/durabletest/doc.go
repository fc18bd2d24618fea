// Package durabletest breaks the disk under whoever changes it with package
// durable, in every way that counts.
//
//   - A [Trace] records the steps in words and fails any of them.
//   - A [Fault] says which: one step, or all from one on, with an error; or the
//     end of the process by SIGKILL.
//   - A [Journal] models what is flushed and what is not, and gives every state
//     that a power cut at any moment may leave ([Cut]), to be looked at, or to
//     be laid out and started from.
//
// The model is more pessimistic than any filesystem that matters: of what was
// not flushed, any part may be lost, whatever came after it:
//
//   - bytes and mode of a file that was not flushed are those of its last
//     flush, or the new ones, or neither;
//   - a symbolic link that was not flushed with its directory may lead nowhere;
//   - a directory that is removed with all that is in it may come back with any
//     part of that, until its own directory is flushed;
//   - each change of a name may be lost alone, until the directory of the name
//     is flushed. A rename within one directory is one change (rename(2)); one
//     between two directories is two;
//   - flushing a file does not flush its name (fsync(2)), and flushing a
//     directory flushes neither the files in it nor its own name.
package durabletest
