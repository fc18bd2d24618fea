package release_test

import (
	"errors"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// good is a manifest that nothing is wrong with.
func good() release.Manifest {
	return release.Manifest{
		Product: "app", Channel: "stable", Seq: 7, Version: "1.2.3",
		Issued:  time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Expires: time.Date(2026, 4, 2, 3, 4, 5, 0, time.UTC),
		Artifacts: map[string]release.Artifact{
			"linux/amd64": {Size: 3, Digest: release.Digest{1}, URLs: []string{"programs/app"}},
		},
	}
}

func TestManifestRoundTrip(t *testing.T) {
	data, err := good().Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := release.ParseManifest(data)
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	again, err := got.Encode()
	if err != nil || string(again) != string(data) {
		t.Fatalf("written again (%v):\n%s\nfirst:\n%s", err, again, data)
	}
	if _, err := release.ParseManifest(append(data, '{')); !errors.Is(err, release.ErrFormat) {
		t.Fatalf("with more behind it: %v, want ErrFormat", err)
	}
}
