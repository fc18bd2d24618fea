package main

import (
	"cmp"
	"slices"
)

func median[T cmp.Ordered](list []T) T {
	if len(list) == 0 {
		var none T
		return none
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// A spread is the median of ratios, and the least and the greatest of them.
type spread struct{ mid, low, high float64 }

// ratios compares what belongs together, pair by pair.
func ratios[T ~int | ~int64 | ~float64](list, base []T) spread {
	var all []float64
	for i := range list {
		if base[i] != 0 {
			all = append(all, float64(list[i])/float64(base[i]))
		}
	}
	if len(all) == 0 {
		return spread{}
	}
	return spread{median(all), slices.Min(all), slices.Max(all)}
}
