package trial

import (
	"math"
	"slices"
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/load"
	"github.com/seed-3d078585/overseer/bench/internal/result"
)

func spread(list []float64) result.Spread {
	if len(list) == 0 {
		return result.Spread{}
	}
	list = slices.Sorted(slices.Values(list))
	return result.Spread{Mid: list[len(list)/2], Low: list[0], High: list[len(list)-1]}
}

// pairwise combines what belongs together.
func pairwise(a, b []float64, f func(a, b float64) float64) result.Spread {
	var all []float64
	for i := range min(len(a), len(b)) {
		all = append(all, f(a[i], b[i]))
	}
	return spread(all)
}

func ratio(a, b float64) float64 { return a / b }
func more(a, b float64) float64  { return a - b }

// quantiles are exact: all latencies are at hand.
func quantiles(records []load.Record) result.Quantiles {
	var all []time.Duration
	for _, r := range records {
		if r.Kind == load.Good {
			all = append(all, r.Latency)
		}
	}
	if len(all) == 0 {
		return result.Quantiles{}
	}
	slices.Sort(all)
	at := func(q float64) time.Duration { return all[max(int(math.Ceil(q*float64(len(all)))), 1)-1] }
	return result.Quantiles{Requests: len(all), P50: at(0.5), P99: at(0.99), P999: at(0.999), Max: at(1)}
}
