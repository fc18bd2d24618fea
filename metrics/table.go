package metrics

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// A row describes one metric.
type row struct {
	name   string
	kind   kind
	labels []string
	help   string
}

type kind string

const (
	gauge     kind = "gauge"
	counter   kind = "counter"
	histogram kind = "histogram"
)

// table has all metrics. docs/metrics.md is made of it.
var table = []row{
	{"overseer_up", gauge, nil, "1 if the master answered this scrape, 0 if it did not."},
	{"overseer_build_info", gauge, []string{"version", "goversion"}, "1, for the version of this library and the Go version that the exporter is built with."},
	{"overseer_service_info", gauge, []string{"name", "binary"}, "1, for the name of the program and the path of its binary."},
	{"overseer_condition", gauge, []string{"condition"}, "1 for the condition that the service is in, 0 for the others."},

	{"overseer_generation", gauge, nil, "Number of the live generation; 0 if none is live."},
	{"overseer_generation_info", gauge, []string{"generation", "phase", "version", "release"}, "1, for each generation that exists; release is the beginning of its digest."},
	{"overseer_generation_start_time_seconds", gauge, []string{"generation"}, "When the generation was started, in seconds since 1970."},
	{"overseer_generations", gauge, []string{"phase"}, "Generations that exist, by phase."},
	{"overseer_connections", gauge, []string{"generation", "state"}, "Open connections of a generation; state is its phase."},
	{"overseer_connections_accepted_total", counter, nil, "Connections accepted, by all generations."},
	{"overseer_process_resident_memory_bytes", gauge, []string{"generation"}, "Resident memory of the process of a generation."},
	{"overseer_process_cpu_seconds_total", counter, []string{"generation"}, "Processor time of the process of a generation."},

	{"overseer_starts_total", counter, nil, "Generations started by the master."},
	{"overseer_crashes_total", counter, nil, "Ends of the program that nobody asked for, once it had traffic."},
	{"overseer_crashes_in_row", gauge, nil, "Ends of the program in a row, without a minute of service in between."},
	{"overseer_restarts_total", counter, []string{"result"}, "Restarts with the same release, by result."},
	{"overseer_handover_seconds", histogram, nil, "Time from the start of a generation until it took over from another one, in restarts and upgrades."},

	{"overseer_upgrades_total", counter, []string{"result", "reason"}, "Releases tried, or refused, by result; reason says why it had no success."},
	{"overseer_rollbacks_total", counter, []string{"reason"}, "Releases that had traffic and were replaced by the one before, by reason."},
	{"overseer_trial_seconds", histogram, nil, "Time that a release was on trial, until it was installed or lost its trial."},
	{"overseer_upgrade_stage", gauge, []string{"stage"}, "1 for the stage that an upgrade or rollback is in, 0 for the others."},
	{"overseer_upgrade_deadline_timestamp_seconds", gauge, nil, "When the stage ends at the latest, in seconds since 1970; none while that is not known."},
	{"overseer_last_upgrade_timestamp_seconds", gauge, nil, "When a release was installed last, in seconds since 1970."},
	{"overseer_release_waiting", gauge, nil, "1 if a release is staged and waits to be tried, 0 if not."},
	{"overseer_quarantined_releases", gauge, nil, "Releases in quarantine."},
	{"overseer_held", gauge, nil, "1 if upgrades are held, 0 if not."},
	{"overseer_held_since_timestamp_seconds", gauge, nil, "Since when upgrades are held, in seconds since 1970."},

	{"overseer_fetch_failing", gauge, nil, "1 if the last look at the source of releases failed, 0 if not."},
	{"overseer_fetch_errors_total", counter, nil, "Failures to fetch; one that lasts counts once for each cause."},
	{"overseer_fetch_last_success_timestamp_seconds", gauge, nil, "When the source of releases was last asked with success, in seconds since 1970."},

	{"overseer_master_start_time_seconds", gauge, nil, "When the process of the master began, in seconds since 1970."},
	{"overseer_master_resident_memory_bytes", gauge, nil, "Resident memory of the master."},
	{"overseer_master_cpu_seconds_total", counter, nil, "Processor time of the master."},

	{"overseer_events_total", counter, []string{"kind"}, "Events that the master told, by kind."},
	{"overseer_events_missed_total", counter, nil, "Events that were not kept any more when they were asked for, and are in no other counter."},
}

// rows has the table by name, descs what Prometheus makes of it.
var (
	rows  = map[string]row{}
	descs = map[string]*prometheus.Desc{}
)

func init() {
	for _, r := range table {
		rows[r.name] = r
		descs[r.name] = prometheus.NewDesc(r.name, r.help, r.labels, nil)
	}
}

// find returns the row of a metric, which has to be there.
func find(name string, k kind) row {
	r, ok := rows[name]
	if !ok || r.kind != k {
		panic(fmt.Sprintf("metrics: the table has no %s %s", k, name))
	}
	return r
}

func newCounter(name string) *prometheus.CounterVec {
	r := find(name, counter)
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: r.name, Help: r.help}, r.labels)
}

func newHistogram(name string, buckets ...float64) prometheus.Histogram {
	r := find(name, histogram)
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: r.name, Help: r.help, Buckets: buckets})
}
