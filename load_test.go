//go:build unix

package overseer_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
)

// startLoad puts a service under load until the test ends it.
func startLoad(t *testing.T, s *service, mode loadtest.Mode, clients int) *loadtest.Load {
	t.Helper()
	path := "/"
	if mode == loadtest.Streaming {
		path = "/slow"
	}
	load, err := loadtest.Start(context.Background(), loadtest.Config{
		Network: "tcp", Address: s.Address(), Clients: clients, Mode: mode, Path: path,
		RequestTimeout: 30 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { load.Stop() })
	return load
}

// noLoss ends a load and fails the test for each request that was lost.
func noLoss(t *testing.T, load *loadtest.Load) loadtest.Report {
	t.Helper()
	report := load.Stop()
	if report.Failed != 0 {
		t.Errorf("%d of %d requests failed, want 0:\n%s", report.Failed, report.Requests, report)
	}
	if report.Requests == 0 {
		t.Error("the load made no request")
	}
	return report
}

// TestNoRequestLost is promise 1: 200 restarts and 30 upgrades under 32 clients,
// in each way of using a connection.
func TestNoRequestLost(t *testing.T) {
	restarts, upgrades := 200, 30
	if testing.Short() {
		restarts, upgrades = 20, 3
	}
	for name, mode := range map[string]loadtest.Mode{
		"kept-alive connections":   loadtest.KeepAlive,
		"a connection per request": loadtest.NewConnection,
		"slow streaming responses": loadtest.Streaming,
	} {
		t.Run(name, func(t *testing.T) {
			s := startService(t, web, env("TEST_PROBATION", "50ms"))
			s.live(1)
			load := startLoad(t, s, mode, 32)
			for range restarts {
				s.restart()
			}
			for i := range upgrades {
				publish(t, s.Next, plan{Version: fmt.Sprintf("2.%d", i)})
				s.await(i+1, "msg=committed")
			}
			report := noLoss(t, load)
			s.stop()
			if got := len(report.ByVersion); got < upgrades/2 {
				t.Errorf("the load saw %d versions, want most of %d", got, upgrades+1)
			}
			t.Logf("%d restarts, %d upgrades:\n%s", restarts, upgrades, report)
		})
	}
}
