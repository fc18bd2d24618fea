package metrics

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

// socket serves a master's API on a unix socket, until the test ends or stop is
// called.
func socket(t *testing.T, path string, m admin.Master) (stop func()) {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := admin.NewServer(m, admin.Options{})
	served := make(chan error, 1)
	go func() { served <- s.Serve(l, admin.Access{Peer: true}) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		s.Close(10 * time.Second)
		if err := <-served; err != nil {
			t.Errorf("the server of the API: %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// exporter serves metrics until the test ends, and returns where.
func exporter(t *testing.T, source Source, opts ...Option) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, l, source, opts...) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve = %v", err)
		}
	})
	return fmt.Sprintf("http://%s/metrics", l.Addr())
}

func get(t *testing.T, url string) string {
	t.Helper()
	client := http.Client{Timeout: time.Minute}
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v: %s", url, res.StatusCode, err, body)
	}
	return string(body)
}

// What users have: an exporter that scrapes a master over its socket, while the
// master is replaced, goes away, and comes back without a memory.
func TestServe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	m := admintest.New()
	tell(m, 0, day...)
	stop := socket(t, path, m)
	url := exporter(t, admin.Dial(path))
	has(t, get(t, url), "overseer_up 1\n")
	has(t, get(t, url), `overseer_upgrades_total{reason="crash",result="rolled_back"} 1`, "overseer_crashes_total 1\n")

	// It is replaced: the same events go on behind another connection.
	stop()
	tell(m, 100, admin.Event{Kind: admin.Exited})
	stop = socket(t, path, m)
	tell(m, 101, admin.Event{Kind: admin.Exited})
	has(t, get(t, url), "overseer_crashes_total 3\n", "overseer_events_missed_total 0\n")

	stop()
	has(t, get(t, url), "overseer_up 0\n", "overseer_crashes_total 3\n")

	second := admintest.New()
	second.ChangeStatus(func(s *admin.Status) { s.Started = began.Add(time.Hour) })
	tell(second, 3600, admin.Event{Kind: admin.Exited})
	socket(t, path, second)
	has(t, get(t, url), "overseer_up 1\n", "overseer_crashes_total 4\n", "overseer_events_missed_total 0\n")
}

// The events come by the stream too, when nobody scrapes.
func TestServeFollows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	m := admintest.New()
	stop := socket(t, path, m)
	c := New(admin.Dial(path))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	for i, e := range day {
		if i == len(day)/2 {
			stop()
			stop = socket(t, path, m)
		}
		tell(m, i, e)
		until(t, func() bool { last, _ := c.ledger.position(); return last.ID == uint64(i+1) })
	}
	m.Fail(io.ErrUnexpectedEOF) // so that the scrape asks for nothing
	has(t, scrape(t, c), "overseer_up 0\n", counted[0], counted[2], counted[3], "overseer_events_missed_total 0\n")
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run = %v", err)
	}
}
