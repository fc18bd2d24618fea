package loadtest

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	errorsPerKind = 5   // so that a flood of one kind does not hide another
	maxVersions   = 100 // a server may send anything for its version
	maxVersion    = 64
	otherVersions = "(others)"
)

// tally gathers what all clients saw.
type tally struct {
	latency histogram

	mu     sync.Mutex
	report Report // without the latencies, which are the histogram's
	ended  time.Time
}

func newTally() *tally {
	return &tally{report: Report{
		Started:   time.Now(),
		Failures:  map[Kind]int64{},
		ByVersion: map[string]int64{},
	}}
}

func (t *tally) add(r *Result) {
	if r.Failure == nil {
		t.latency.add(r.Latency)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Requests++
	t.report.Bytes += r.Bytes
	if r.Failure != nil {
		t.failLocked(r.Failure)
		return
	}
	if r.Version == "" {
		return
	}
	version := r.Version
	if _, known := t.report.ByVersion[version]; !known && len(t.report.ByVersion) >= maxVersions {
		version = otherVersions
	}
	t.report.ByVersion[version]++
}

func (t *tally) failLocked(f *Failure) {
	t.report.Failed++
	t.report.Failures[f.Kind]++
	if t.report.Failures[f.Kind] <= errorsPerKind {
		t.report.Errors = append(t.report.Errors, *f)
	}
}

func (t *tally) connected()  { t.count(&t.report.Connections) }
func (t *tally) idleClosed() { t.count(&t.report.IdleClosed) }
func (t *tally) announced()  { t.count(&t.report.AnnouncedClosed) }

func (t *tally) count(counter *int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*counter++
}

func (t *tally) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = time.Now()
}

func (t *tally) snapshot() Report {
	r := t.copied()
	q := t.latency.quantiles(0.5, 0.99, 0.999)
	r.P50, r.P99, r.P999, r.Max = q[0], q[1], q[2], t.latency.max()
	return r
}

func (t *tally) copied() Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.report
	r.Failures = maps.Clone(r.Failures)
	r.ByVersion = maps.Clone(r.ByVersion)
	r.Errors = slices.Clone(r.Errors)
	ended := t.ended
	if ended.IsZero() {
		ended = time.Now()
	}
	r.Elapsed = ended.Sub(r.Started)
	return r
}

// version bounds and cleans what a server calls its version.
func version(told []byte) string {
	if len(told) > maxVersion {
		told = told[:maxVersion]
	}
	return strings.TrimSpace(strings.ToValidUTF8(string(told), "?"))
}
