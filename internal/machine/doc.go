// Package machine decides. It is told what happened ([Event]) and answers with
// what must be done ([Effect]); it has no clock, no lock, no file and no socket.
// Time enters as [TimerFired], and a timer is an effect like any other. So each
// order of events that a host can produce can be tried in a test: see testdata
// for transcripts, search_test.go for the search through all orders up to a
// depth, and mutant_test.go for the bugs that the search is known to find.
//
// # A generation
//
// Each run of the program is a generation. This is its life; the words on the
// arrows are events, the words in brackets are effects:
//
//	           Accepting,           ProbeDone             Opened
//	           SaidReady            [Open]
//	Starting ------------> Ready ------------> Probed ------------> Live
//	[Spawn]                [Probe]                                 /    \
//	   |                     |                    |     on trial: /      \ not on trial:
//	   |  Exited, timer      |                    |   the one     /        \ the one before
//	   v                     v                    v   before     v          v
//	failed: it never had traffic, the live       Standby ----------> Draining --> gone
//	one has not noticed. [Drain or Kill]         [Pause]   commit     [Drain]
//	                                                |
//	                                                +--> rollback: [Open], Live again
//
// # Promises
//
//   - The one before pauses only after the new one has confirmed that it
//     accepts, socket by socket: a socket that the new one does not accept on
//     stays with the one before.
//   - At most one generation is coming up and one stands by, and at most one
//     candidate is on trial and one waits. A handover ends before the next
//     begins.
//   - A restart asked for during a restart is remembered once.
//   - A candidate is committed only after it has been live for its probation.
//     Until then the one before stands by, and any failure of the candidate
//     puts it back without a start-up.
//   - A digest that failed is never started again unasked.
//   - Each spawned process is waited for, and each wait has a timer whose end is
//     [Kill]. Nothing is said to a generation without a process.
//   - A generation goes on with its sockets as long as it is needed: one that
//     only some generations know is retired once none of them may come back.
//   - The master is replaced ([Succeed]) only while everything is at rest, by
//     the binary that has proven itself, and its successor knows all that
//     decides about what comes ([State]).
//   - A stop always ends in [Exit], and only after each process has ended or was
//     killed. The installation under way is waited for, with a bound.
package machine
