// Package update brings candidates from a source to the master: fetch, trust,
// stage, preflight, the user's own check, offer.
//
//   - Nothing here holds up a start, a restart or a stop: a source that blocks
//     for ever blocks itself.
//   - Bytes are remembered as taken only once they stand on the disk, whole.
//   - A failure is told once for each cause, and backs off.
//   - What cannot run here (wrong machine, cut short, no overseer in it) is
//     quarantined before it has had a single connection.
package update
