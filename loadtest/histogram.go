package loadtest

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// A bucket of the histogram spans a 128th of a power of two, so its middle is
// within 0.4 % of every value in it. Values below 128 ns have one each.
const (
	fineBits = 7
	fine     = 1 << fineBits
	buckets  = fine * (64 - fineBits)
)

// histogram counts durations. Its zero value is ready; it takes no lock.
type histogram struct {
	counts [buckets]atomic.Int64
	top    atomic.Int64
}

func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	h.counts[bucketOf(uint64(d))].Add(1)
	for top := h.top.Load(); int64(d) > top && !h.top.CompareAndSwap(top, int64(d)); {
		top = h.top.Load()
	}
}

func bucketOf(v uint64) int {
	if v < fine {
		return int(v)
	}
	shift := bits.Len64(v) - 1 - fineBits
	return fine*shift + int(v>>shift)
}

// middleOf is the inverse of bucketOf, up to the width of the bucket.
func middleOf(bucket int) uint64 {
	if bucket < fine {
		return uint64(bucket)
	}
	shift := bucket/fine - 1
	return uint64(fine+bucket%fine)<<shift + (uint64(1)<<shift)/2
}

// quantiles returns, for each q from 0 to 1 in ascending order, the duration
// that the fraction q of all durations does not exceed.
func (h *histogram) quantiles(qs ...float64) []time.Duration {
	counts := make([]int64, buckets)
	var total int64
	for i := range counts {
		counts[i] = h.counts[i].Load()
		total += counts[i]
	}
	found := make([]time.Duration, len(qs))
	if total == 0 {
		return found
	}
	var seen int64
	bucket := -1
	for i, q := range qs {
		rank := max(int64(math.Ceil(q*float64(total))), 1)
		for seen < rank {
			bucket++
			seen += counts[bucket]
		}
		// The middle of the last bucket may lie above all that is in it.
		found[i] = min(time.Duration(middleOf(bucket)), h.max())
	}
	return found
}

func (h *histogram) max() time.Duration { return time.Duration(h.top.Load()) }
