package loadtest

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestBuckets(t *testing.T) {
	last := -1
	for _, v := range []uint64{0, 1, 127, 128, 129, 255, 256, 257, 258, 1000, 1 << 20, 1<<20 + 1<<13, 1 << 40, math.MaxInt64} {
		b := bucketOf(v)
		if b < last || b >= buckets {
			t.Fatalf("bucketOf(%d) = %d after %d, of %d", v, b, last, buckets)
		}
		last = b
		if m := middleOf(b); math.Abs(float64(m)-float64(v)) > float64(v)/200 {
			t.Fatalf("middleOf(bucketOf(%d)) = %d, more than 0.5 %% off", v, m)
		}
	}
	for b := range buckets {
		if got := bucketOf(middleOf(b)); got != b {
			t.Fatalf("bucketOf(middleOf(%d)) = %d", b, got)
		}
	}
}

func TestQuantiles(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, row := range []struct {
		name string
		n    int
		next func() time.Duration
	}{
		{"none", 0, nil},
		{"one", 1, func() time.Duration { return 123456789 }},
		{"two", 2, func() time.Duration { return time.Duration(random.IntN(1e9)) }},
		{"even", 100_000, func() time.Duration { return time.Duration(random.IntN(1e9)) }},
		{"nanoseconds", 10_000, func() time.Duration { return time.Duration(random.IntN(300)) }},
		{"long tail", 100_000, func() time.Duration { return time.Duration(math.Exp(random.NormFloat64()*3 + 14)) }},
		{"all the same", 1000, func() time.Duration { return time.Millisecond }},
	} {
		t.Run(row.name, func(t *testing.T) {
			var h histogram
			var all []time.Duration
			for range row.n {
				d := row.next()
				all = append(all, d)
				h.add(d)
			}
			slices.Sort(all)
			qs := []float64{0, 0.5, 0.9, 0.99, 0.999, 1}
			for i, got := range h.quantiles(qs...) {
				var want time.Duration
				if len(all) > 0 {
					want = all[max(int(math.Ceil(qs[i]*float64(len(all)))), 1)-1]
				}
				if diff := math.Abs(float64(got - want)); diff > 0.01*float64(want) {
					t.Errorf("quantile %v of %d: got %v, want %v", qs[i], row.n, got, want)
				}
			}
			if row.n > 0 && h.max() != all[len(all)-1] {
				t.Errorf("max %v, want %v", h.max(), all[len(all)-1])
			}
		})
	}
}

func BenchmarkHistogram(b *testing.B) {
	var h histogram
	b.RunParallel(func(pb *testing.PB) {
		for d := time.Duration(1); pb.Next(); d = d*7%1e9 + 1 {
			h.add(d)
		}
	})
}
