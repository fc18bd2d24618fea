package admin_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// 100 clients have 1,000 events each, with none missing and in their order.
func TestFanOut(t *testing.T) {
	const clients, events = 100, 1000
	s := newService(admin.Bounds{Write: patience})
	path := s.onUnix(t)
	all := make([]*admin.Stream, clients)
	for i := range all {
		stream, err := admin.Dial(path).Follow(bounded(t), 0, false)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		all[i] = stream
	}
	errs := make(chan error, clients)
	var each sync.WaitGroup
	for _, stream := range all {
		each.Go(func() { errs <- takeInOrder(stream, events) })
	}
	for i := range events {
		s.master.Emit(admin.Event{Kind: admin.Live, Generation: i})
	}
	each.Wait()
	for range clients {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if got := s.master.Calls("Follow"); got != 1 {
		t.Errorf("the master is followed %d times, want once for all clients", got)
	}
}

// takeInOrder takes the events from 1 on.
func takeInOrder(s *admin.Stream, events int) error {
	for i := range events {
		m, err := s.Next()
		if err != nil {
			return fmt.Errorf("at event %d: %w", i+1, err)
		}
		if m.Event == nil || m.Event.ID != uint64(i+1) || m.Event.Generation != i {
			return fmt.Errorf("event %d: got %+v", i+1, m)
		}
	}
	return nil
}

// All streams have samples, and the master is asked once for all.
func TestSamplesAreShared(t *testing.T) {
	const clients = 50
	s := newService(admin.Bounds{Sample: 20 * time.Millisecond})
	path := s.onUnix(t)
	all := make([]*admin.Stream, clients)
	for i := range all {
		stream, err := admin.Dial(path).Follow(bounded(t), 0, true)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = stream
	}
	times := map[time.Time]bool{}
	for _, stream := range all {
		for range 3 {
			m, err := stream.Next()
			if err != nil || m.Sample == nil {
				t.Fatalf("got %+v, error %v, want a sample", m, err)
			}
			times[m.Sample.Time] = true
		}
	}
	if got := s.master.Calls("Sample"); got < len(times) {
		t.Errorf("%d samples came, and the master was asked %d times", len(times), got)
	}
	if len(times) == 3*clients {
		t.Error("no two clients have the same sample")
	}
	for _, stream := range all {
		stream.Close()
	}
	last, same := -1, 0
	eventually(t, "no samples are taken where nobody wants them", func() bool {
		if got := s.master.Calls("Sample"); got != last {
			last, same = got, 0
		}
		same++
		return same == 40
	})
}

// BenchmarkFanOut is one event sent to 100 clients, of which each has read it.
func BenchmarkFanOut(b *testing.B) {
	const clients, batch = 100, 200
	s := newService(admin.Bounds{})
	path := s.onUnix(b)
	read := make(chan error, clients)
	var batches []chan int
	for range clients {
		r := openStream(b, path, "/v1/events?after=0", nil)
		sizes := make(chan int, 1)
		batches = append(batches, sizes)
		go func() {
			for n := range sizes {
				for range n {
					if !r.skip() {
						read <- fmt.Errorf("a stream ended: %v", r.lines.Err())
						return
					}
				}
				read <- nil
			}
		}()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for left := b.N; left > 0; left -= batch {
		n := min(left, batch)
		for range n {
			s.master.Emit(admin.Event{Kind: admin.Live})
		}
		for _, sizes := range batches {
			sizes <- n
		}
		for range clients {
			if err := <-read; err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N*clients)/b.Elapsed().Seconds(), "events/s")
	for _, sizes := range batches {
		close(sizes)
	}
}
