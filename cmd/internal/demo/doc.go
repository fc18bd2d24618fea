// Package demo shows the library at work: a real HTTP server under overseer, a
// real load on it, and a release server that publishes good releases and bad
// ones.
//
//   - Nothing is built. Each version of the service is this very executable
//     with a label behind its image; the service reads the label of what it was
//     started from and behaves accordingly.
//   - What is shown is what happened: the events are the master's own log, the
//     counts are those of package loadtest, which never retries.
//   - The run is a success only if no request failed, each bad release was
//     refused or rolled back, and each good one was installed.
//   - Nothing is left behind, neither a process nor a file: the service ends by
//     itself when the demo dies, however that happens, and takes the directory
//     with it.
//
// One goroutine, the director, plays the script and owns the screen. What comes
// from elsewhere (the service's log, the clock) reaches it as events.
package demo
