package metrics

import (
	"github.com/seed-3d078585/overseer/admin"
)

// maxGenerations bounds the generations that have labels. More exist only where
// dozens of restarts go faster than connections end.
const maxGenerations = 32

var phases = []admin.Phase{
	admin.PhaseStarting, admin.PhaseReady, admin.PhaseProbed,
	admin.PhaseLive, admin.PhaseStandby, admin.PhaseDraining,
}

func showGenerations(o output, s admin.Status) {
	count := map[admin.Phase]int{}
	for _, g := range s.Generations {
		count[g.Phase]++
	}
	for _, p := range phases {
		o.set("overseer_generations", float64(count[p]), string(p))
	}
	for _, g := range labelled(s) {
		n := number(g)
		o.set("overseer_generation_info", 1, n, label(string(g.Phase)), label(g.Release.Version), label(short(g.Release.Digest)))
		o.at("overseer_generation_start_time_seconds", g.Started, n)
		o.known("overseer_process_resident_memory_bytes", float64(g.Usage.RSS), n)
		o.known("overseer_process_cpu_seconds_total", g.Usage.CPU, n)
		if g.Connections != nil {
			o.set("overseer_connections", float64(g.Connections.Open), n, label(string(g.Phase)))
		}
	}
}

// labelled returns the newest generations, and the live one, each once.
func labelled(s admin.Status) []admin.Generation {
	var all []admin.Generation
	seen := map[int]bool{}
	add := func(g admin.Generation) {
		if !seen[g.Number] {
			seen[g.Number] = true
			all = append(all, g)
		}
	}
	for _, g := range s.Generations {
		if g.Number == s.Live {
			add(g)
		}
	}
	for i := len(s.Generations) - 1; i >= 0 && len(all) < maxGenerations; i-- {
		add(s.Generations[i])
	}
	return all
}

// short is a digest as the log has it.
func short(digest string) string { return digest[:min(len(digest), 12)] }
