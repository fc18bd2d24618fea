//go:build race

package keys_test

const underRace = true
