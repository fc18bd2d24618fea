// Command bench measures what a restart or an upgrade costs those who use a
// service: overseer beside other ways, in one run on one machine. It writes
// docs/benchmarks.md, its plots and the figures they are made from.
//
//	go run ./bench           about 10 minutes
//	go run ./bench -quick    about a minute, to see that it works
//	go run ./bench -long     1,000 handovers and 1,000,000 requests in each mode: under an hour
//
// The long run counts what fails, which does not depend on how busy the machine is;
// all else wants a quiet one. Each mode that it has done is kept, so it can be
// ended and goes on where it was.
//
// What it promises:
//
//   - All load goes to loopback, and each process that is measured was started
//     by it and is stopped by it. It needs no root and touches no service of the
//     system.
//   - No request is ever sent twice. A latency counts from the moment at which
//     the request was due, so one that had to wait for another shows it.
//   - Each figure of the page comes from the run that the page names; a goal is
//     met or missed by comparing figures, not by somebody's word.
//
// To have a library or a server of your own beside the others, see package
// contestant.
package main
