// Package binary tells for which platform a program was built, by the header of
// its file: ELF, Mach-O or PE, and what Go wrote into it.
package binary

import (
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrUnknown is a file that is no program of a known kind.
var ErrUnknown = errors.New("no ELF, Mach-O or PE program of a known platform")

// Platform returns GOOS/GOARCH of the program at path. Some systems share a form
// of file, so that which Go wrote into its own programs comes first.
//
// Errors that can be matched: [ErrUnknown], those of [os.Open].
func Platform(path string) (string, error) {
	if goos, goarch := written(path); goos != "" && goarch != "" {
		return goos + "/" + goarch, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("platform of a program: %w", err)
	}
	defer f.Close() // only read
	for _, read := range []func(io.ReaderAt) (string, string){readELF, readMachO, readPE} {
		if goos, goarch := read(f); goos != "" && goarch != "" {
			return goos + "/" + goarch, nil
		}
	}
	return "", fmt.Errorf("platform of %q: %w", path, ErrUnknown)
}

// written is what the Go linker noted.
func written(path string) (goos, goarch string) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return "", ""
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "GOOS":
			goos = s.Value
		case "GOARCH":
			goarch = s.Value
		}
	}
	return goos, goarch
}
