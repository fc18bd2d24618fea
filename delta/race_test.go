//go:build race

package delta

// raceEnabled says that the race detector, which takes memory of its own, is on.
const raceEnabled = true
