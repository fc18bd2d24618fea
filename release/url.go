package release

import (
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

func checkURLs(urls []string) error {
	if len(urls) == 0 || len(urls) > maxURLs {
		return wrong("%d urls: want 1 to %d", len(urls), maxURLs)
	}
	for i, s := range urls {
		if !IsRelative(s) && !isWeb(s) {
			return wrong("url %.80q: want an http or https URL without user, fragment, . and .., or a path relative to the manifest: %s, in ASCII without blanks", s, pathRule)
		}
		if slices.Contains(urls[:i], s) {
			return wrong("url %.80q appears twice", s)
		}
	}
	return nil
}

// IsRelative reports whether a URL of a manifest is a path relative to it, which
// leads nowhere but below. It is the same path whether a web server, a disk or
// a bucket reads it: nothing in it is escaped, or needs to be.
func IsRelative(s string) bool { return isPath(s) && isVisibleASCII(s) }

const pathRule = "slashes between names, none of them . or .., none of \\:?#%, nothing unprintable"

func isPath(s string) bool {
	return len(s) <= maxURL && s != "." && fs.ValidPath(s) && !strings.ContainsAny(s, `\:?#%`) && isPrintable(s)
}

func isWeb(s string) bool {
	if len(s) > maxURL || !isVisibleASCII(s) || strings.ContainsAny(s, `\#`) {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil && !climbs(u.Path)
}

// climbs reports whether a path, unescaped, has . or .. in it: who resolves it
// first decides what it is.
func climbs(p string) bool {
	names := strings.FieldsFunc(p, func(r rune) bool { return r == '/' || r == '\\' })
	return slices.Contains(names, ".") || slices.Contains(names, "..")
}

func isVisibleASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// isPrintable excludes control and format characters too, among them those that
// turn the direction of writing.
func isPrintable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) })
}

// isText allows lines.
func isText(s string) bool { return isPrintable(strings.NewReplacer("\n", "", "\t", "").Replace(s)) }
