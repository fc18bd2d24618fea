//go:build race

package overseer_test

// underRace says that the race detector is on.
const underRace = true
