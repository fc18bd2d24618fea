package demo

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// table returns the summary. The words in its first column are stable: scripts
// look for them.
func (s score) table(t traffic) string {
	var b strings.Builder
	row := func(name, value, remark string) {
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("  %-14s %10s   %s", name, value, remark), " "))
	}
	row("requests", thousands(t.requests), fmt.Sprintf("%s each second, for %.1f s", thousands(t.rate()), t.elapsed.Seconds()))
	row("failed", thousands(t.lost()), "")
	row("inside a crash", thousands(t.inCrash), "taken by "+strings.Join(named(rolledBack), ", ")+" before it crashed: beyond any supervisor")
	tally := func(name string, n int, of []string) {
		row(name, fmt.Sprintf("%d of %d", n, len(of)), strings.Join(of, ", "))
	}
	tally("restarts", s.restarts, restarts)
	tally("upgrades", s.upgrades, named(installed))
	tally("refused", s.refused, named(refused))
	tally("rolled back", s.rolledBack, named(rolledBack))
	row("slowest", short(t.slowest), "")
	row("p99", short(t.p99), "")
	var by []string
	for _, v := range slices.Sorted(maps.Keys(t.byVersion)) {
		by = append(by, v+" "+thousands(t.byVersion[v]))
	}
	row("answered by", "", strings.Join(by, ", "))
	return strings.TrimRight(b.String(), "\n")
}

func (t traffic) rate() int64 {
	if t.elapsed <= 0 {
		return 0
	}
	return int64(float64(t.requests) / t.elapsed.Seconds())
}

// judge says what is wrong with the traffic, or nil.
func (t traffic) judge() error {
	var wrong []error
	if t.requests == 0 {
		wrong = append(wrong, errors.New("the load has made no request"))
	}
	// Each client has one request at a time.
	if t.inCrash > 2*clients {
		wrong = append(wrong, fmt.Errorf("%s requests failed at the crash, more than the %d that can have been inside", thousands(t.inCrash), 2*clients))
	}
	if n := t.lost(); n > 0 {
		wrong = append(wrong, fmt.Errorf("%s of %s requests failed: %s", thousands(n), thousands(t.requests), strings.Join(t.examples, "; ")))
	}
	for _, v := range releases {
		if n := t.byVersion[v.version]; n > 0 && v.fate == refused {
			wrong = append(wrong, fmt.Errorf("%s answered %s public requests and should have had none", v.version, thousands(n)))
		}
	}
	return errors.Join(wrong...)
}
