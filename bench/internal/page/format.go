package page

import (
	"fmt"
	"strconv"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/result"
)

func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// three keeps three digits or so.
func three(v float64) string {
	switch {
	case v >= 1000 || v <= -1000:
		return thousands(int(v))
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

func millis(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return three(float64(d)/1e6) + " ms"
}

func seconds(s float64) string { return three(s*1000) + " ms" }

func megabytes(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }

func mebi(v float64) string { return fmt.Sprintf("%.1f MiB", v/(1<<20)) }

// times2 is a ratio.
func times2(s result.Spread) string { return fmt.Sprintf("%.2f (%.2f to %.2f)", s.Mid, s.Low, s.High) }

// within is a median with the least and the greatest.
func within(s result.Spread, show func(float64) string) string {
	if s == (result.Spread{}) {
		return "–"
	}
	if s.Low == s.High {
		return show(s.Mid)
	}
	return fmt.Sprintf("%s (%s to %s)", show(s.Mid), show(s.Low), show(s.High))
}
