package demo

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/probe"
)

// ServiceCommand is the name under which the demo starts its own executable as
// the service.
const ServiceCommand = "demo-service"

// The times of the service are short: a demo is watched.
const (
	readyTimeout   = 3 * time.Second
	probation      = 2 * time.Second
	lookInterval   = 200 * time.Millisecond
	drainTimeout   = 5 * time.Second
	crashesAfter   = time.Second // of traffic, in the version that crashes in service
	answerTakes    = time.Millisecond
	messageServing = "serving"
)

// Serve is the service: an HTTP server under overseer, as any user would write
// it. Its log is JSON on standard output, for the demo to read.
func Serve(_ context.Context, args []string) int {
	flags := flag.NewFlagSet(ServiceCommand, flag.ContinueOnError)
	dir := flags.String("dir", "", "the demo's directory")
	url := flags.String("releases", "", "where releases are published")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	l, err := ownLabel()
	if err != nil {
		fmt.Fprintf(os.Stderr, "overseer %s: %v\n", ServiceCommand, err)
		return 2
	}
	signal.Ignore(syscall.SIGPIPE) // the log's reader may die first: see endWithDemo
	go endWithDemo(*dir)
	log := slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug}))
	overseer.Run(overseer.Config{
		Required:         true,
		Address:          "127.0.0.1:0",
		Program:          func(state overseer.State) { l.program(state, log) },
		Probe:            probe.HTTP("/healthz"),
		ProbeInterval:    lookInterval,
		Fetcher:          &fetcher.HTTP{URL: *url, Interval: lookInterval},
		MinFetchInterval: lookInterval,
		ReadyTimeout:     readyTimeout,
		Probation:        probation,
		TerminateTimeout: drainTimeout,
		Logger:           log,
	})
	return 0
}

func ownLabel() (label, error) {
	path, err := self()
	if err != nil {
		return label{}, err
	}
	return labelOf(path)
}

// program is one generation of the service.
func (l label) program(state overseer.State, log *slog.Logger) {
	switch l.behaviour {
	case crashAtStart:
		panic(l.version + " has no config for the new cache: nil map")
	case hangAtStart:
		<-state.Context().Done() // waits for a lock that nobody gives back
		return
	}
	log.Info(messageServing, "address", state.Address, "version", l.version, "generation", state.Generation)
	if err := state.Serve(&http.Server{Handler: l.handler(), ReadHeaderTimeout: 10 * time.Second}); err != nil {
		log.Error("the server ended", "error", err)
		os.Exit(1)
	}
}

func (l label) handler() http.Handler {
	var first sync.Once
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if l.behaviour == unhealthy {
			http.Error(w, "the database schema is older than "+l.version+" needs", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		if l.behaviour == crashInService {
			first.Do(func() {
				time.AfterFunc(crashesAfter, func() { panic(errors.New(l.version + " has used up its connections")) })
			})
		}
		time.Sleep(answerTakes) // the work that a request is
		w.Header().Set("X-Version", l.version)
		fmt.Fprintf(w, "hello from %s\n", l.version)
	})
	return mux
}
