//go:build unix

package overseer_test

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/probe"
)

// web is the service of most tests: HTTP, a probe, releases from a file.
var web = register("web", func() {
	c := webConfig()
	c.Program = serveWeb
	overseer.Run(c)
})

func webConfig() overseer.Config {
	return overseer.Config{
		Required:         true,
		Address:          "127.0.0.1:0",
		Logger:           testLogger(),
		Probe:            probe.HTTP("/healthz"),
		ProbeInterval:    50 * time.Millisecond,
		Probation:        envDuration("TEST_PROBATION", 300*time.Millisecond),
		ReadyTimeout:     envDuration("TEST_READY_TIMEOUT", 20*time.Second),
		TerminateTimeout: envDuration("TEST_TERMINATE_TIMEOUT", 20*time.Second),
		MinFetchInterval: 20 * time.Millisecond,
		Fetcher:          &fetcher.File{Path: os.Getenv("TEST_NEXT"), Interval: 20 * time.Millisecond, Settle: 5 * time.Millisecond},
	}
}

func envDuration(name string, preset time.Duration) time.Duration {
	if d, err := time.ParseDuration(os.Getenv(name)); err == nil {
		return d
	}
	return preset
}

// serveWeb is the program: it answers with its version, and goes wrong as its
// plan says.
func serveWeb(s overseer.State) { serveMux(s, http.NewServeMux()) }

// serveMux is serveWeb with what mux answers beside it.
func serveMux(s overseer.State, mux *http.ServeMux) {
	p := readPlan()
	switch p.Fault {
	case "exit at start":
		fmt.Fprintln(os.Stderr, "last words of version "+p.Version)
		os.Exit(p.ExitCode)
	case "panic at start":
		panic("version " + p.Version + " cannot start")
	case "hang at start":
		select {}
	case "crash":
		time.AfterFunc(p.After, func() { panic("version " + p.Version + " crashed") })
	case "exit":
		time.AfterFunc(p.After, func() { os.Exit(p.ExitCode) })
	}
	started := time.Now()
	var inService, unwellOnce sync.Once
	var unwell atomic.Bool
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		inService.Do(func() {
			switch p.Fault {
			case "crash in service":
				time.AfterFunc(p.After, func() { panic("version " + p.Version + " crashed in service") })
			case "unhealthy in service":
				time.AfterFunc(p.After, func() { unwell.Store(true) })
			}
		})
		w.Header().Set("X-Version", p.Version)
		w.Header().Set("X-Generation", strconv.Itoa(s.Generation))
		w.Header().Set("X-Pid", strconv.Itoa(os.Getpid()))
		fmt.Fprintf(w, "version %s\n", p.Version)
	})
	mux.HandleFunc("/generation", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, s.Generation) })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Version", p.Version)
		w.Header().Set("Content-Length", strconv.Itoa(20*10))
		for range 20 {
			fmt.Fprint(w, "ten bytes\n")
			http.NewResponseController(w).Flush()
			time.Sleep(2 * time.Millisecond)
		}
	})
	mux.HandleFunc("/hold", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(os.Stderr, "holding a request generation=%d\n", s.Generation)
		if fifo := r.FormValue("until"); fifo != "" {
			if f, err := os.Open(fifo); err == nil { // returns when somebody opens it for writing
				f.Close()
			}
		}
		d, _ := time.ParseDuration(r.FormValue("for"))
		select {
		case <-time.After(d):
		case <-r.Context().Done():
		}
		fmt.Fprintf(w, "version %s\n", p.Version)
	})
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		if p.Fault == "unhealthy" && time.Since(started) >= p.After || unwell.Load() {
			unwellOnce.Do(func() { fmt.Fprintf(os.Stderr, "unwell when asked generation=%d\n", s.Generation) })
			http.Error(w, "unwell", http.StatusServiceUnavailable)
		}
	})
	announce(s)
	if err := s.Serve(&http.Server{Handler: mux}); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(3)
	}
}
