// Command torture runs a real service under load and does to it what a host, a
// release, an operator and bad luck may do, for as long as it is told:
//
//	go run ./internal/torture -for 2m
//	go run ./internal/torture -for 2m -seed 17        # the same steps again
//	go run ./internal/torture -replay violation.json  # what an earlier run has written
//	go run ./internal/torture -for 1h -jumps          # the wall clock of the service jumps, too
//	go run ./internal/torture -mutants                # see below
//
// A schedule of steps comes from a seed: restarts, upgrades good and bad, kills and
// stops of any process at any moment, storms of signals, disks that are full, that
// cannot be written to or that hang, processes without descriptors or memory, sources
// that hang. Of odd seeds the releases are signed, and some of them forged. A step may come while the one before is still going on. After
// each step, and whenever all is calm, the promises are checked:
//
//   - Somebody accepts. A request fails only for a reason that is inherent: it was
//     inside a process that was killed, or no master ran.
//   - What is installed is, byte for byte, a release that has passed its trial.
//   - What is quarantined does not run again unasked, and what is forged never.
//   - What is asked for is done: a restart, also one that falls into another; and in
//     the end an upgrade to a good release.
//   - The records are whole, and the events have no gap.
//   - One release is on trial at most; no process, no file and no descriptor is left
//     over.
//
// Where one is broken it prints the seed and the transcript, looks for fewer steps
// that break it too, writes them to a file for -replay, and ends with code 1.
//
// It needs Linux. Where it is root it runs in namespaces of its own, so that nothing
// of it can outlive it, and its disk is a small one in memory. Elsewhere the steps
// that need that are left out.
//
// With -mutants it copies the module, puts one bug at a time into the copy, and says
// what notices: this command, or a test of the package.
package main
