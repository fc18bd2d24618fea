package loadtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Report is what a [Load] has seen. It is a copy that belongs to the caller.
type Report struct {
	Requests int64          // done, the failed ones included
	Failed   int64          // the sum of Failures
	Failures map[Kind]int64 // kinds that did not occur are not in it

	// Errors holds the first five failures of each kind, in the order in
	// which they were known.
	Errors []Failure

	Connections     int64 // made
	IdleClosed      int64 // ended by the server while no request was outstanding
	AnnouncedClosed int64 // ended after an answer with "Connection: close"
	Bytes           int64 // of the bodies

	// Latencies of the requests that did not fail, from the moment the client
	// set about the request, a dial included, to the last byte of the answer
	// (to the first one in Streaming). The percentiles are within 1 %.
	P50, P99, P999, Max time.Duration

	// ByVersion counts the good answers by the version that gave them.
	// Answers that tell none are not in it; a version is cut to 64 bytes, and
	// after the first hundred all others are counted under "(others)".
	ByVersion map[string]int64

	Started time.Time
	Elapsed time.Duration
}

// String returns the report as a small table for a person to read.
func (r Report) String() string {
	var b strings.Builder
	row := func(name string, n int64, format string, args ...any) {
		line := fmt.Sprintf("%-12s %10d  ", name, n) + fmt.Sprintf(format, args...)
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	row("requests", r.Requests, "%.0f/s for %v", r.rate(), r.Elapsed.Round(time.Millisecond))
	row("failed", r.Failed, "%s", counts(r.Failures))
	row("connections", r.Connections, "closed idle %d, announced %d", r.IdleClosed, r.AnnouncedClosed)
	row("bytes", r.Bytes, "")
	fmt.Fprintf(&b, "%-12s p50 %v, p99 %v, p99.9 %v, max %v\n", "latency", short(r.P50), short(r.P99), short(r.P999), short(r.Max))
	if len(r.ByVersion) > 0 {
		fmt.Fprintf(&b, "%-12s %s\n", "versions", counts(r.ByVersion))
	}
	for _, f := range r.Errors {
		fmt.Fprintf(&b, "  +%v %v\n", short(f.Time.Sub(r.Started)), f.Error())
	}
	return b.String()
}

func (r Report) rate() float64 {
	if r.Elapsed <= 0 {
		return 0
	}
	return float64(r.Requests) / r.Elapsed.Seconds()
}

// counts lists a map in the order of its keys.
func counts[K interface {
	~int | ~string
}](m map[K]int64) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, fmt.Sprintf("%v %d", key, m[key]))
	}
	return strings.Join(parts, ", ")
}

// short keeps three digits or so.
func short(d time.Duration) time.Duration {
	switch {
	case d > 10*time.Second:
		return d.Round(100 * time.Millisecond)
	case d > 10*time.Millisecond:
		return d.Round(100 * time.Microsecond)
	default:
		return d.Round(time.Microsecond)
	}
}
