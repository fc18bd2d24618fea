//go:build unix

package master

import (
	"fmt"
	"os"
	"testing"
)

// children are what the test binary does when a test starts it.
var children = map[string]func() error{}

const childVariable = "MASTER_TEST_CHILD"

func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		if err := children[name](); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
