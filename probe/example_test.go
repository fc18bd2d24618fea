package probe_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/seed-3d078585/overseer/probe"
)

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// target stands for what the master hands to a probe.
func target(server *httptest.Server) probe.Target {
	return probe.Target{
		Generation: 2,
		Addresses:  []string{":3000"},
		Dial: func(ctx context.Context, _ int) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", server.Listener.Addr().String())
		},
	}
}

func ExampleHTTP() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "database: connection refused", http.StatusServiceUnavailable)
	}))
	defer server.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()

	// In a program: overseer.Config{Probe: probe.HTTP("/healthz")}.
	healthz := probe.HTTP("/healthz")
	fmt.Println(healthz(ctx, target(server)))
	// Output: probe ":3000": get "/healthz": the program answered 503 Service Unavailable: "database: connection refused"
}

func ExampleAll() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()

	both := probe.All(
		probe.TCP(),
		probe.On(1, probe.HTTP("/metrics", probe.Host("metrics.internal"))),
	)
	fmt.Println(both(context.Background(), target(server)))
	// Output: probe 2 of 2: listener 1: generation 2 has 1 listener(s), counted from 0: correct the index or Config.Addresses
}

// A check that the package lacks is a function literal.
func ExampleProbe() {
	var even probe.Probe = func(_ context.Context, t probe.Target) error {
		if t.Generation%2 != 0 {
			return errors.New("odd generations are unlucky")
		}
		return nil
	}
	fmt.Println(even(context.Background(), probe.Target{Generation: 3}))
	// Output: odd generations are unlucky
}
