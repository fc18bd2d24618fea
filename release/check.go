package release

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"unicode"

	"golang.org/x/mod/semver"
)

// Check reports all that is wrong with the form of a manifest; each error
// matches [ErrFormat].
func (m Manifest) Check() error {
	var all []error
	bad := func(format string, args ...any) { all = append(all, wrong(format, args...)) }
	if !isName(m.Product) {
		bad("product %.40q: %s", m.Product, nameRule)
	}
	if !isName(m.Channel) {
		bad("channel %.40q: %s", m.Channel, nameRule)
	}
	if m.Seq == 0 || m.Seq > maxSeq {
		bad("seq %d: want 1 to %d", m.Seq, uint64(maxSeq))
	}
	if m.MinSeq > m.Seq {
		bad("min_seq %d is above seq %d: the manifest refuses itself", m.MinSeq, m.Seq)
	}
	if !ValidVersion(m.Version) {
		bad("version %.40q: want a semantic version such as 1.2.3", m.Version)
	}
	if m.Issued.IsZero() || !m.Expires.After(m.Issued) {
		bad("issued %v, expires %v: want both, in this order", m.Issued, m.Expires)
	}
	if len(m.Notes) > maxNotes {
		bad("notes: %d bytes, more than %d", len(m.Notes), maxNotes)
	}
	for _, v := range m.Yanked {
		if !ValidVersion(v) {
			bad("yanked %.40q: want a semantic version such as 1.2.3", v)
		}
	}
	if len(m.Blocked) > maxBlocked || len(m.Yanked) > maxBlocked {
		bad("%d blocked and %d yanked, more than %d", len(m.Blocked), len(m.Yanked), maxBlocked)
	}
	if m.Rollout != nil {
		all = append(all, m.Rollout.check())
	}
	if n := len(m.Artifacts); n == 0 || n > maxPlatforms {
		bad("artifacts for %d platforms: want 1 to %d", n, maxPlatforms)
		return errors.Join(all...)
	}
	for platform, a := range m.Artifacts {
		if goos, arch, ok := strings.Cut(platform, "/"); !ok || !isName(goos) || !isName(strings.ReplaceAll(arch, "/", "-")) {
			bad("artifacts: platform %.40q: want GOOS/GOARCH", platform)
		}
		if err := a.check(); err != nil {
			all = append(all, fmt.Errorf("artifacts: %.40q: %w", platform, err))
		}
	}
	return errors.Join(all...)
}

func (a Artifact) check() error {
	switch packed := a.Packing != NotPacked; {
	case a.Size <= 0 || a.Digest.IsZero():
		return wrong("size %d, sha256 %s: want those of the program", a.Size, a.Digest)
	case !a.Packing.known():
		return wrong("packing %.40q: unknown", a.Packing)
	case packed && (a.PackedSize <= 0 || a.PackedDigest.IsZero()):
		return wrong("packed_size %d, packed_sha256 %s: want those of the packed file", a.PackedSize, a.PackedDigest)
	case !packed && (a.PackedSize != 0 || !a.PackedDigest.IsZero()):
		return wrong("packed_size or packed_sha256 without a packing")
	case a.Packing.Archive() != (a.Path != ""):
		return wrong("path %.40q with packing %q: an archive needs the path of the program in it, and nothing else has one", a.Path, a.Packing)
	case a.Path != "" && !isPath(a.Path):
		return wrong("path %.80q: %s", a.Path, pathRule)
	case len(a.Deltas) > maxDeltas:
		return wrong("%d deltas, more than %d", len(a.Deltas), maxDeltas)
	}
	if err := checkURLs(a.URLs); err != nil {
		return err
	}
	for i, d := range a.Deltas {
		if d.Size <= 0 || d.Digest.IsZero() || d.From.IsZero() || d.From == a.Digest {
			return wrong("delta %d: want from, size and sha256, and another program to start from", i)
		}
		if err := checkURLs(d.URLs); err != nil {
			return fmt.Errorf("delta %d: %w", i, err)
		}
	}
	return nil
}

func checkURLs(urls []string) error {
	if len(urls) == 0 || len(urls) > maxURLs {
		return wrong("%d urls: want 1 to %d", len(urls), maxURLs)
	}
	for _, s := range urls {
		if !IsRelative(s) && !isWeb(s) {
			return wrong("url %.80q: want an http or https URL, or a path relative to the manifest: %s", s, pathRule)
		}
	}
	return nil
}

// IsRelative reports whether a URL of a manifest is a path relative to it, which
// leads nowhere but below.
func IsRelative(s string) bool { return isPath(s) }

const pathRule = "slashes between names, none of them . or .., no colon, no backslash, nothing unprintable"

func isPath(s string) bool {
	return len(s) <= maxURL && s != "." && fs.ValidPath(s) && !strings.ContainsAny(s, `\:?#%`) && isPrintable(s)
}

func isWeb(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= maxURL && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && isPrintable(s)
}

func isPrintable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) })
}

const nameRule = "want 1 to 128 lower-case letters, digits and _-. that do not begin with a dot"

func isName(s string) bool {
	return s != "" && len(s) <= maxName && s[0] != '.' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_-.") == ""
}

// ValidVersion reports whether v is a semantic version, with or without a
// leading v: https://semver.org.
func ValidVersion(v string) bool { return len(v) <= maxName && semver.IsValid(withV(v)) }

// CompareVersions is negative where v is lower than w, by the rules of
// https://semver.org. An invalid version is lower than all valid ones.
func CompareVersions(v, w string) int { return semver.Compare(withV(v), withV(w)) }

func withV(v string) string { return "v" + strings.TrimPrefix(v, "v") }

func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrFormat}, args...)...)
}
