package admin_test

import (
	"fmt"
	"os"
	"testing"
)

// childKey has the test binary be a child of a test: its value says which one.
const childKey = "ADMIN_TEST_CHILD"

var children = map[string]func() error{}

func TestMain(m *testing.M) {
	name := os.Getenv(childKey)
	if name == "" {
		os.Exit(m.Run())
	}
	if err := children[name](); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}
