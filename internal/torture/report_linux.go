package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// A report is what a run has done and seen.
type report struct {
	Seed      uint64         `json:"seed"`
	Began     time.Time      `json:"began"`
	Took      time.Duration  `json:"took"`
	Load      string         `json:"load"` // average, at the end
	Done      map[string]int `json:"done"` // steps, by kind
	Skipped   int            `json:"skipped"`
	Requests  int64          `json:"requests"`
	Failed    int            `json:"failed"`   // for no reason that is inherent
	Inherent  map[string]int `json:"inherent"` // by what has cost them
	Masters   int            `json:"masters"`  // started
	Events    map[string]int `json:"events"`
	Steps     []step         `json:"steps"`
	Violation *violation     `json:"violation"`
}

func newReport(seed uint64) *report {
	return &report{Seed: seed, Began: time.Now(), Done: map[string]int{}, Inherent: map[string]int{}, Events: map[string]int{}}
}

func (r *report) count(s step, err error) {
	if errors.Is(err, errSkipped) {
		r.Skipped++
		return
	}
	r.Done[s.name()]++
}

// name is what a step is counted under.
func (s step) name() string {
	name := string(s.Kind)
	if s.Kind == upgrade {
		name += ": good"
		if s.Fault != none {
			name = string(upgrade) + ": " + string(s.Fault)
		}
	}
	if s.Victim != "" {
		name += ": " + string(s.Victim)
	}
	return name
}

// complete takes in what is known at the end.
func (d *driver) complete() {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.report
	r.Took = time.Since(r.Began)
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		r.Load = strings.Join(strings.Fields(string(load))[:3], " ")
	}
	d.host.mu.Lock()
	r.Masters = len(d.host.lives)
	d.host.mu.Unlock()
	if d.chronicle != nil {
		d.chronicle.mu.Lock()
		for kind, n := range d.chronicle.count {
			r.Events[string(kind)] = n
		}
		d.chronicle.mu.Unlock()
	}
	r.Violation = d.story.violation()
}

// String is the report for a person to read.
func (r *report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d steps in %v (%d had nothing to be done to), load average %s, %d processors\n",
		r.Seed, sum(r.Done), r.Took.Round(time.Second), r.Skipped, r.Load, runtime.NumCPU())
	fmt.Fprintf(&b, "requests %d, failed %d, inherent %d\n", r.Requests, r.Failed, sum(r.Inherent))
	fmt.Fprintf(&b, "masters %d, replaced in place %d, generations %d, handovers %d, trials %d, installed %d\n",
		r.Masters, r.Events[string(admin.Succeeded)], r.Events[string(admin.Starting)], r.Events[string(admin.Live)], r.Events[string(admin.Trial)], r.Events[string(admin.Committed)])
	for _, table := range []map[string]int{r.Done, r.Inherent} {
		for _, name := range slices.Sorted(maps.Keys(table)) {
			fmt.Fprintf(&b, "  %6d  %s\n", table[name], name)
		}
	}
	if r.Violation != nil {
		fmt.Fprintf(&b, "VIOLATION of %s: %s\n", r.Violation.Promise, r.Violation.Text)
	}
	return b.String()
}

func sum(table map[string]int) (n int) {
	for _, one := range table {
		n += one
	}
	return n
}

// table is a table of counts for the page.
func table(title string, counts map[string]int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n| %s | times |\n|---|--:|\n", title)
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(&b, "| %s | %d |\n", name, counts[name])
	}
	return b.String()
}
