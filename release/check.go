package release

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Check reports all that is wrong with the form of a manifest; each error
// matches [ErrFormat].
func (m Manifest) Check() error {
	var all []error
	bad := func(format string, args ...any) { all = append(all, wrong(format, args...)) }
	if !isName(m.Product) {
		bad("product %.40q: %s", m.Product, nameRule)
	}
	if !ValidChannel(m.Channel) {
		bad("channel %.40q: %s, and not %q, which the key list is named", m.Channel, nameRule, keysChannel)
	}
	if m.Seq == 0 || m.Seq > maxNumber {
		bad("seq %d: want 1 to %d", m.Seq, uint64(maxNumber))
	}
	if m.MinSeq > m.Seq {
		bad("min_seq %d is above seq %d: the manifest refuses itself", m.MinSeq, m.Seq)
	}
	if !ValidVersion(m.Version) {
		bad("version %.40q: %s", m.Version, versionRule)
	}
	if !inOrder(m.Issued, m.Expires) {
		bad("issued %v, expires %v: want both, in this order", m.Issued, m.Expires)
	}
	if len(m.Notes) > maxNotes || !isText(m.Notes) {
		bad("notes of %d bytes: want %d at most, and nothing unprintable but tabs and ends of lines", len(m.Notes), maxNotes)
	}
	all = append(all, m.checkWithdrawn())
	if m.Rollout != nil {
		all = append(all, m.Rollout.check())
	}
	return errors.Join(append(all, m.checkArtifacts())...)
}

// checkWithdrawn looks at what the manifest takes back.
func (m Manifest) checkWithdrawn() error {
	if len(m.Blocked) > maxBlocked || len(m.Yanked) > maxBlocked {
		return wrong("%d blocked and %d yanked, more than %d", len(m.Blocked), len(m.Yanked), maxBlocked)
	}
	if slices.ContainsFunc(m.Blocked, Digest.IsZero) {
		return wrong("blocked: a digest of zeros, which is that of no program")
	}
	for _, v := range m.Yanked {
		switch {
		case !ValidVersion(v):
			return wrong("yanked %.40q: %s", v, versionRule)
		case ValidVersion(m.Version) && CompareVersions(v, m.Version) == 0:
			return wrong("yanked %.40q is the version of the manifest itself", v)
		}
	}
	return nil
}

func (m Manifest) checkArtifacts() error {
	if n := len(m.Artifacts); n == 0 || n > maxPlatforms {
		return wrong("artifacts for %d platforms: want 1 to %d", n, maxPlatforms)
	}
	var all []error
	for platform, a := range m.Artifacts {
		if !isPlatform(platform) {
			all = append(all, wrong("artifacts: platform %.40q: want GOOS/GOARCH, or GOOS/GOARCH/VARIANT", platform))
		}
		if err := a.check(); err != nil {
			all = append(all, fmt.Errorf("artifacts: %.40q: %w", platform, err))
		}
	}
	return errors.Join(all...)
}

func (a Artifact) check() error {
	switch packed := a.Packing != NotPacked; {
	case !isSize(a.Size) || a.Digest.IsZero():
		return wrong("size %d, sha256 %s: want those of the program", a.Size, a.Digest)
	case !a.Packing.known():
		return wrong("packing %.40q: unknown", a.Packing)
	case packed && (!isSize(a.PackedSize) || a.PackedDigest.IsZero()):
		return wrong("packed_size %d, packed_sha256 %s: want those of the packed file", a.PackedSize, a.PackedDigest)
	case !packed && (a.PackedSize != 0 || !a.PackedDigest.IsZero()):
		return wrong("packed_size or packed_sha256 without a packing")
	case a.Packing.Archive() != (a.Path != ""):
		return wrong("path %.40q with packing %q: an archive needs the path of the program in it, and nothing else has one", a.Path, a.Packing)
	case a.Path != "" && !isPath(a.Path):
		return wrong("path %.80q: %s", a.Path, pathRule)
	}
	if err := checkURLs(a.URLs); err != nil {
		return err
	}
	return a.checkDeltas()
}

func (a Artifact) checkDeltas() error {
	if len(a.Deltas) > maxDeltas {
		return wrong("%d deltas, more than %d", len(a.Deltas), maxDeltas)
	}
	from := map[Digest]bool{a.Digest: true}
	for i, d := range a.Deltas {
		if !isSize(d.Size) || d.Digest.IsZero() || d.From.IsZero() {
			return wrong("delta %d: want from, size and sha256", i)
		}
		if from[d.From] {
			return wrong("delta %d from %s: it starts where another one does, or where it ends", i, d.From.Short())
		}
		from[d.From] = true
		if err := checkURLs(d.URLs); err != nil {
			return fmt.Errorf("delta %d: %w", i, err)
		}
	}
	return nil
}

func isSize(n int64) bool { return n > 0 && n <= maxNumber }

// inOrder reports whether two moments are those of our time, and the second is
// the later one.
func inOrder(a, b time.Time) bool { return isMoment(a) && isMoment(b) && b.After(a) }

// isMoment excludes what RFC 3339 cannot write, and the zero value.
func isMoment(t time.Time) bool { return t.Unix() > 0 && t.UTC().Year() <= 9999 && t.Year() <= 9999 }

func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrFormat}, args...)...)
}

const nameRule = "want 1 to 128 lower-case letters, digits and _-. that begin with a letter or a digit"

func isName(s string) bool {
	return s != "" && len(s) <= maxName && !strings.ContainsRune("_-.", rune(s[0])) &&
		strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_-.") == ""
}

// keysChannel is what the file of the key list is named, beside the channels'.
const keysChannel = "keys"

// ValidProduct reports whether a product may be named so.
func ValidProduct(s string) bool { return isName(s) }

// ValidChannel reports whether a channel may be named so: its manifest is the
// file of that name, with .json added.
func ValidChannel(s string) bool { return isName(s) && s != keysChannel }

func isPlatform(s string) bool {
	parts := strings.Split(s, "/")
	return (len(parts) == 2 || len(parts) == 3) && !slices.ContainsFunc(parts, func(p string) bool { return !isName(p) })
}
