//go:build !linux

package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	fmt.Fprintf(os.Stderr, "torture: it reads /proc, which %s has not\n", runtime.GOOS)
	os.Exit(1)
}
