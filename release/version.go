package release

import (
	"strings"

	"golang.org/x/mod/semver"
)

const versionRule = "want a semantic version of three numbers, such as 1.2.3 or v1.2.3-rc.1"

// ValidVersion reports whether v is a semantic version, with or without a
// leading v: https://semver.org.
func ValidVersion(v string) bool {
	if v = withV(v); len(v) > maxName || !semver.IsValid(v) {
		return false
	}
	return semver.Canonical(v)+semver.Build(v) == v // else it is v1 or v1.2
}

// CompareVersions is negative where v is lower than w, by the rules of
// https://semver.org: what follows a + does not count. An invalid version is
// lower than all valid ones.
func CompareVersions(v, w string) int { return semver.Compare(orNone(v), orNone(w)) }

// orNone is what semver takes for invalid where this package does: it knows v1
// and v1.2 as well.
func orNone(v string) string {
	if !ValidVersion(v) {
		return ""
	}
	return withV(v)
}

func withV(v string) string { return "v" + strings.TrimPrefix(v, "v") }
