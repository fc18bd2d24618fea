package loadtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/loadtest"
)

func TestGoodServer(t *testing.T) {
	address := handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints) // the client must read past it
		w.Header().Set("X-Version", "v1")
		for range 3 {
			io.WriteString(w, "part")
			w.(http.Flusher).Flush()
		}
	}))
	for _, row := range []struct {
		mode        loadtest.Mode
		connections int64
	}{
		{loadtest.KeepAlive, 4},
		{loadtest.NewConnection, 400},
		{loadtest.Streaming, 4},
	} {
		t.Run(row.mode.String(), func(t *testing.T) {
			var results atomic.Int64
			got := run(t, loadtest.Config{
				Address: address, Mode: row.mode, Clients: 4, Requests: 400,
				OnResult: func(r loadtest.Result) {
					if r.Failure == nil && r.Status == 200 && r.Version == "v1" && r.Bytes == 12 && r.Latency > 0 {
						results.Add(1)
					}
				},
			})
			compare(t, got, 400, row.connections, nil)
			if results.Load() != 400 || got.ByVersion["v1"] != 400 || got.Bytes != 4800 || got.IdleClosed+got.AnnouncedClosed != 0 {
				t.Fatalf("%d good results, got\n%v", results.Load(), got)
			}
			if got.P50 <= 0 || got.P50 > got.P99 || got.P99 > got.P999 || got.P999 > got.Max {
				t.Fatalf("the latencies are out of order:\n%v", got)
			}
		})
	}
}

func TestRequest(t *testing.T) {
	address := handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s %s", r.Host, r.URL, r.Header.Get("Authorization"), r.UserAgent())
	}))
	for _, row := range []struct {
		name, want string
		config     loadtest.Config
	}{
		{name: "defaults", want: address + " /  overseer-loadtest"},
		{name: "all given", want: "shop.example /a?b=c me you", config: loadtest.Config{
			Host: "shop.example", Path: "/a?b=c", Header: http.Header{"Authorization": {"me"}, "User-Agent": {"you"}},
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := row.config
			c.Address, c.Clients, c.Requests = address, 1, 1
			c.Check = func(_ int, _ http.Header, body []byte) error {
				if string(body) != row.want {
					return fmt.Errorf("got %q, want %q", body, row.want)
				}
				return nil
			}
			compare(t, run(t, c), 1, 1, nil)
		})
	}
}

func TestCheckAndVersion(t *testing.T) {
	address := handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Build", "b7")
		w.WriteHeader(404)
		io.WriteString(w, "v9 and more")
	}))
	firstWord := func(body []byte) string { word, _, _ := strings.Cut(string(body), " "); return word }
	accept := func(status int, h http.Header, _ []byte) error { return nil }
	refusal := errors.New("no")
	for _, row := range []struct {
		name     string
		config   loadtest.Config
		version  string
		failures map[loadtest.Kind]int64
	}{
		{name: "check accepts a 404", config: loadtest.Config{Check: accept, VersionHeader: "X-Build"}, version: "b7"},
		{name: "version of the body", config: loadtest.Config{Check: accept, VersionOf: firstWord}, version: "v9"},
		{name: "check refuses", config: loadtest.Config{Check: func(int, http.Header, []byte) error { return refusal }},
			failures: map[loadtest.Kind]int64{loadtest.BadStatus: 3}},
		{name: "body too long to be seen", config: loadtest.Config{Check: accept, MaxBody: 10},
			failures: map[loadtest.Kind]int64{loadtest.Other: 3}},
		{name: "body that just fits", config: loadtest.Config{Check: accept, MaxBody: 11, VersionHeader: "X-Build"}, version: "b7"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := row.config
			c.Address, c.Clients, c.Requests = address, 1, 3
			got := run(t, c)
			if row.failures == nil && got.ByVersion[row.version] != 3 {
				t.Fatalf("got\n%vwant 3 by %q", got, row.version)
			}
			connections := int64(1)
			if row.failures[loadtest.Other] > 0 {
				connections = 3
			}
			compare(t, got, 3, connections, row.failures)
			if row.failures[loadtest.BadStatus] > 0 && !errors.Is(got.Errors[0], refusal) {
				t.Fatalf("the error is %v, want it to wrap Check's", got.Errors[0])
			}
		})
	}
}

func TestVersionsAreBounded(t *testing.T) {
	var n atomic.Int64
	address := handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Version", fmt.Sprintf("%d-%s", n.Add(1), strings.Repeat("x", 100)))
	}))
	got := run(t, loadtest.Config{Address: address, Requests: 150})
	if len(got.ByVersion) != 101 || got.ByVersion["(others)"] != 50 {
		t.Fatalf("%d versions, %d others; want 101 and 50", len(got.ByVersion), got.ByVersion["(others)"])
	}
	for v := range got.ByVersion {
		if len(v) > 64 {
			t.Fatalf("version %q is longer than 64 bytes", v)
		}
	}
}

func TestStopIsPolite(t *testing.T) {
	for _, mode := range []loadtest.Mode{loadtest.KeepAlive, loadtest.NewConnection, loadtest.Streaming} {
		t.Run(mode.String(), func(t *testing.T) {
			arrived, release := make(chan struct{}, 8), make(chan struct{})
			address := handle(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				arrived <- struct{}{}
				<-release
			}))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			load, err := loadtest.Start(ctx, loadtest.Config{Address: address, Mode: mode, Clients: 8})
			if err != nil {
				t.Fatal(err)
			}
			for range 8 {
				await(t, arrived, "the requests")
			}
			cancel() // the same as Stop, but it does not wait
			if got := load.Snapshot(); got.Requests != 0 {
				t.Fatalf("before any answer, got\n%v", got)
			}
			close(release)
			compare(t, load.Stop(), 8, 8, nil)
			if a, b := load.Stop(), load.Snapshot(); a.Elapsed != b.Elapsed {
				t.Fatalf("a load that has ended goes on: %v, then %v", a.Elapsed, b.Elapsed)
			}
		})
	}
}

func TestStopWakesAThinker(t *testing.T) {
	address := handle(t, http.NotFoundHandler())
	for _, mode := range []loadtest.Mode{loadtest.KeepAlive, loadtest.NewConnection} {
		t.Run(mode.String(), func(t *testing.T) {
			done := make(chan struct{}, 8)
			load := start(t, loadtest.Config{
				Address: address, Mode: mode, Think: time.Hour,
				OnResult: func(loadtest.Result) { done <- struct{}{} },
			})
			for range 8 {
				await(t, done, "the first requests")
			}
			go load.Stop()
			await(t, load.Done(), "the thinking clients to end")
		})
	}
}
