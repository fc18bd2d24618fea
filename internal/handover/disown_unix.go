//go:build unix

package handover

import (
	"os"
	"strings"
)

// Disown removes all variables of the protocols, the older library's too, from the
// environment of a process that must not believe them.
func Disown() {
	for _, name := range append(Variables(), olderVariables...) {
		os.Unsetenv(strings.TrimSuffix(name, "="))
	}
}
