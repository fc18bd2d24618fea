package loadtest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
)

func Example() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Version", "v1")
		fmt.Fprintln(w, "hello")
	}))
	defer service.Close()

	load, err := loadtest.Start(context.Background(), loadtest.Config{
		Address:  service.Listener.Addr().String(),
		Mode:     loadtest.KeepAlive,
		Clients:  32,
		Requests: 1000, // or none, and call Stop when the restarts are done
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	<-load.Done()
	report := load.Stop()
	fmt.Println(report.Requests, report.Failed, report.ByVersion["v1"])
	// Output: 1000 0 1000
}

func ExampleReport_String() {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	cut := loadtest.Failure{
		Time: start.Add(1250 * time.Millisecond), Client: 3, Kind: loadtest.CutUnderRequest,
		Err: fmt.Errorf("wait for the answer: EOF"),
	}
	fmt.Print(loadtest.Report{
		Requests: 120_000, Failed: 1, Failures: map[loadtest.Kind]int64{loadtest.CutUnderRequest: 1},
		Errors: []loadtest.Failure{cut}, Connections: 96, IdleClosed: 31, AnnouncedClosed: 32, Bytes: 1_560_000,
		P50: 412 * time.Microsecond, P99: 2310 * time.Microsecond, P999: 8 * time.Millisecond, Max: 31 * time.Millisecond,
		ByVersion: map[string]int64{"v1": 50_000, "v2": 69_999},
		Started:   start, Elapsed: 10 * time.Second,
	})
	// Output:
	// requests         120000  12000/s for 10s
	// failed                1  cut-under-request 1
	// connections          96  closed idle 31, announced 32
	// bytes           1560000
	// latency      p50 412µs, p99 2.31ms, p99.9 8ms, max 31ms
	// versions     v1 50000, v2 69999
	//   +1.25s client 3: cut-under-request: wait for the answer: EOF
}
