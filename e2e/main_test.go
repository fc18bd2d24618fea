package e2e

import (
	"flag"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	flag.Parse()
	end := startBrowser()
	code := m.Run()
	end()
	os.Exit(code)
}
