// Package journal keeps what a master tells: the newest events, for whoever asks
// or follows, and the changes of release.
//
// Its promises:
//
//   - Append never waits for a disk or a reader.
//   - Each follower gets each event, in order, or is told that it is too far
//     behind.
//   - What was appended is read again by the next master, but for what a crash
//     of the whole machine cuts off: events are no records that anything is
//     decided by, so they are not flushed.
//   - Files are bounded. A line that is damaged is left out, and no other.
//
// In the state directory, as one JSON object a line:
//
//	events.jsonl    the newest events
//	history.jsonl   the newest changes of release
//	journal.lock    whose lock, flock(2), is held by the master that writes them
package journal
