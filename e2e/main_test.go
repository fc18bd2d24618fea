package e2e

import (
	"flag"
	"os"
	"testing"
)

// roleVariable has the test binary be another program, by its name.
const roleVariable = "E2E_ROLE"

var roles = map[string]func(){}

func TestMain(m *testing.M) {
	if role := roles[os.Getenv(roleVariable)]; role != nil {
		role()
		return
	}
	flag.Parse()
	end := startBrowser()
	code := m.Run()
	end()
	os.Exit(code)
}
