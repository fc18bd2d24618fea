package metrics

import (
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/seed-3d078585/overseer/admin"
)

// output takes the metrics of one scrape.
type output struct{ ch chan<- prometheus.Metric }

// set tells the value of a gauge, or of a counter that the master has counted.
func (o output) set(name string, value float64, labels ...string) {
	t := prometheus.GaugeValue
	if rows[name].kind == counter {
		t = prometheus.CounterValue
	}
	o.ch <- prometheus.MustNewConstMetric(descs[name], t, value, labels...)
}

// at tells a time, and nothing for one that is not known.
func (o output) at(name string, t time.Time, labels ...string) {
	if !t.IsZero() {
		o.set(name, float64(t.UnixNano())/1e9, labels...)
	}
}

// known tells a value that is zero where it is not known.
func (o output) known(name string, value float64, labels ...string) {
	if value != 0 {
		o.set(name, value, labels...)
	}
}

func (o output) flag(name string, is bool, labels ...string) {
	value := 0.0
	if is {
		value = 1
	}
	o.set(name, value, labels...)
}

// maxLabel bounds the bytes of a label whose text is not ours.
const maxLabel = 128

// label makes a label of any text.
func label(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= maxLabel {
		return text
	}
	end := maxLabel
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}

// modulePath is of the library.
const modulePath = "github.com/seed-3d078585/overseer"

// version is of the library as the exporter was built with it.
var version = sync.OnceValue(func() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Path == modulePath || strings.HasPrefix(info.Main.Path, modulePath+"/") {
			return info.Main.Version
		}
		for _, d := range info.Deps {
			if d.Path == modulePath {
				return d.Version
			}
		}
	}
	return "unknown"
})

func build(o output) {
	o.set("overseer_build_info", 1, label(version()), runtime.Version())
}

var conditions = []admin.Condition{admin.Coming, admin.Serving, admin.Restarting, admin.OnTrial, admin.Down, admin.Ending}

func showStatus(o output, s admin.Status) {
	o.set("overseer_service_info", 1, label(s.Name), label(s.Binary))
	for _, c := range conditions {
		o.flag("overseer_condition", s.Condition == c, string(c))
	}
	o.set("overseer_generation", float64(s.Live))
	showGenerations(o, s)

	o.set("overseer_starts_total", float64(s.Starts))
	o.set("overseer_crashes_in_row", float64(s.Crashes))
	o.at("overseer_master_start_time_seconds", s.Started)
	o.known("overseer_master_resident_memory_bytes", float64(s.Usage.RSS))
	o.known("overseer_master_cpu_seconds_total", s.Usage.CPU)

	changes := s.Operation != nil && s.Operation.Kind != "restart"
	for _, stage := range admin.Stages() {
		o.flag("overseer_upgrade_stage", changes && s.Operation.Stage == stage, stage)
	}
	if changes && s.Operation.Until != nil {
		o.at("overseer_upgrade_deadline_timestamp_seconds", *s.Operation.Until)
	}
	o.flag("overseer_release_waiting", s.Waiting != nil)
	o.flag("overseer_held", s.Hold != nil)
	if s.Hold != nil {
		o.at("overseer_held_since_timestamp_seconds", s.Hold.Since)
	}
	if s.Source != nil {
		o.flag("overseer_fetch_failing", s.Source.Error != "")
	}
}

// number is the label of a generation.
func number(g admin.Generation) string { return strconv.Itoa(g.Number) }
