package cli

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/seed-3d078585/overseer/admin"
)

// clean takes out of a text what would steer a terminal. Lines stay lines.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
}

// Line makes one line of a text, and takes out of it what would steer a terminal.
func Line(text string) string { return strings.Join(strings.Fields(clean(text)), " ") }

func runes(s string) int { return utf8.RuneCountInString(s) }

// cut shortens a text to a width; the end says that something is missing.
func cut(text string, width int, end string) string {
	if width <= 0 || runes(text) <= width {
		return text
	}
	return string([]rune(text)[:max(width-runes(end), 0)]) + end
}

// Span writes a length of time with two units at most: 12s, 3m 4s, 2h 5m, 3d 4h.
func Span(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	s := int(d / time.Second)
	two := func(big int, bigUnit string, small int, smallUnit string) string {
		if small == 0 {
			return fmt.Sprintf("%d%s", big, bigUnit)
		}
		return fmt.Sprintf("%d%s %d%s", big, bigUnit, small, smallUnit)
	}
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return two(s/60, "m", s%60, "s")
	case s < 86400:
		return two(s/3600, "h", s/60%60, "m")
	}
	return two(s/86400, "d", s/3600%24, "h")
}

// Moment writes a time for a person: without the date where that is today's.
func Moment(t, now time.Time) string {
	t = t.In(now.Location())
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04:05")
	}
	return t.Format("2006-01-02 15:04:05")
}

// Size writes a number of bytes.
func Size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%d kB", n/1000)
	case n < 1_000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// ReleaseName is a release for a person: its version, and the beginning of its
// digest.
func ReleaseName(r admin.Release) string {
	digest := shortDigest(r.Digest)
	switch {
	case r.Version != "" && digest != "":
		return Line(r.Version) + " (" + digest + ")"
	case r.Version != "":
		return Line(r.Version)
	case digest != "":
		return "release " + digest
	}
	return "the installed release"
}

// shortDigest is what the log writes of a digest.
func shortDigest(d string) string { return Line(d[:min(len(d), 12)]) }
