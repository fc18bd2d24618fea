// Package rivals has the contestants that the benchmark brings along. The list
// of them is what a user adds to.
package rivals
