// Package pidfile tells other programs the process ID of this one, by a file.
//
//   - The file is never seen empty or half written: it gets its name when it is
//     complete.
//   - It is locked by flock(2) as long as its process lives, so one process at a
//     time has it, and one that a dead process left behind is replaced.
//   - The lock does not pass to other processes, and ends with execve(2): the
//     next image of a process opens the file anew.
//   - A file that holds anything but a number is never replaced.
//
// It is no durable file: after a power cut its process has ended too.
package pidfile
