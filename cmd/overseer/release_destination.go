package main

import (
	"strings"

	"github.com/seed-3d078585/overseer/cmd/internal/publish"
)

// openDestination takes what a person gives for a place to upload to.
func openDestination(given string) (publish.Destination, error) {
	scheme, _, ok := strings.Cut(given, "://")
	if !ok {
		return publish.Copy(given, nil), nil
	}
	return nil, usagef("destination %q: there is no %s; give a directory", given, scheme)
}
