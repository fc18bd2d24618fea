// Package takeover reads the events of a master and tells what they are part of:
// each start of the program, why it was started, how far it has come, and how it
// ended.
//
// It promises:
//
//   - One reading for all. Metrics and traces are made of the same takeovers.
//   - What has begun ends. Each [Began] is followed by one [Ended], whatever
//     events are missing or out of order. One takeover is under way at most; that
//     of a release which is refused begins and ends with one event.
//   - Causes are a closed set, however an event words its reason.
//
// It keeps nothing of what is over, so its memory is bounded.
package takeover
