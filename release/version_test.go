package release_test

import (
	"slices"
	"testing"

	"github.com/seed-3d078585/overseer/release"
)

func TestVersions(t *testing.T) {
	// From the precedence rules of https://semver.org, lowest first.
	ordered := []string{"no version", "1.0.0-alpha", "v1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "v1.0.0", "1.2.0", "1.10.0", "2.0.0"}
	for i, v := range ordered {
		if got, want := release.ValidVersion(v), i > 0; got != want {
			t.Errorf("ValidVersion(%q) = %t", v, got)
		}
		for j, w := range ordered {
			if got := release.CompareVersions(v, w); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("CompareVersions(%q, %q) = %d", v, w, got)
			}
		}
	}
	if !slices.IsSortedFunc(ordered, release.CompareVersions) {
		t.Error("the list is not in order")
	}
	for _, v := range []string{"", "v", "1", "1.2", "v1.2", "vv1.2.3", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3 ", "1.2.3\n", "１.2.3", "1.2.3-" + string(make([]byte, 200))} {
		if release.ValidVersion(v) {
			t.Errorf("ValidVersion(%q) = true", v)
		}
	}
	if release.CompareVersions("v1.2.3+a", "1.2.3+b") != 0 {
		t.Error("what follows a + counts")
	}
}
