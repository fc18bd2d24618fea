package metrics

import (
	"net/http/httptest"
	"testing"

	"github.com/seed-3d078585/overseer/admin/admintest"
)

// One scrape of a service with five generations, to the last byte of the page.
func BenchmarkScrape(b *testing.B) {
	m := admintest.New()
	m.SetStatus(service())
	tell(m, 0, day...)
	h := Handler(m)
	b.ReportAllocs()
	var size int
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		size = w.Body.Len()
	}
	b.ReportMetric(float64(size), "bytes/page")
}

func BenchmarkCountEvent(b *testing.B) {
	l := newLedger()
	b.ReportAllocs()
	id := uint64(0)
	for b.Loop() {
		e := day[id%uint64(len(day))]
		id++
		e.ID = id
		l.take(e)
	}
}
