package proc

import "strings"

// Environ returns an environment without the variables that begin with one of
// the prefixes.
func Environ(env []string, prefixes ...string) []string {
	var kept []string
next:
	for _, v := range env {
		for _, p := range prefixes {
			if strings.HasPrefix(v, p) {
				continue next
			}
		}
		kept = append(kept, v)
	}
	return kept
}
