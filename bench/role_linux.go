package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/bench/internal/rivals"
	"github.com/seed-3d078585/overseer/bench/internal/served"
	"github.com/seed-3d078585/overseer/fetcher"
)

// drain bounds how long a generation finishes what it has; the proxies have the
// same.
const drain = 5 * time.Second

// played plays the part that the environment asks for, and says whether there
// is one.
func played() bool {
	switch os.Getenv(rivals.RoleVariable) {
	case rivals.RoleOverseer:
		supervised()
	case rivals.RolePlain:
		if err := plain(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case rivals.RoleIdle:
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM)
		<-signals
	default:
		return false
	}
	return true
}

// supervised is the program under overseer. The listeners beyond it serve the
// same.
func supervised() {
	addresses := []string{os.Getenv(rivals.HTTPVariable)}
	program := web
	if os.Getenv(rivals.LinesVariable) != "" {
		addresses = append(addresses, os.Getenv(rivals.TCPVariable))
		program = lines
	}
	for range number(rivals.ListenersVariable) {
		addresses = append(addresses, "127.0.0.1:0")
	}
	config := overseer.Config{
		Required: true, Addresses: addresses, TerminateTimeout: drain,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)), Program: program,
	}
	if path := os.Getenv(rivals.SourceVariable); path != "" {
		config.Fetcher = &fetcher.File{Path: path, Interval: 100 * time.Millisecond}
		config.MinFetchInterval = 100 * time.Millisecond
		config.Probation = time.Second
		config.StateDir, _ = filepath.Abs("state") // in the directory of the place
	}
	overseer.Run(config)
}

func web(state overseer.State) {
	if err := state.Serve(server(state.Context(), versionOf(state))); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// lines echoes on its second listener. State.Serve would take both; the first has
// only whoever asks for the version, on connections that are not kept.
func lines(state overseer.State) {
	var all sync.WaitGroup
	all.Go(func() { served.Echo(state.Context(), state.Listeners[1], versionOf(state)) })
	server(state.Context(), versionOf(state)).Serve(state.Listeners[0])
	all.Wait()
}

func versionOf(state overseer.State) string {
	return fmt.Sprintf("%d-%.8s", state.Generation, state.ID)
}

func server(ctx context.Context, version string) *http.Server {
	return &http.Server{Handler: served.Handler(ctx, version, os.Getenv(rivals.FileVariable)), Protocols: served.Protocols()}
}

// plain is the program by itself. It shuts down as net/http's documentation
// says.
func plain() error {
	version := strconv.Itoa(os.Getpid())
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	front, err := net.Listen("tcp", os.Getenv(rivals.HTTPVariable))
	if err != nil {
		return err
	}
	back, err := net.Listen("tcp", os.Getenv(rivals.TCPVariable))
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	all.Go(func() { served.Echo(ctx, back, version) })
	srv := server(ctx, version)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(front) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	back.Close()
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }()
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	select {
	case <-ended:
	case <-ctx.Done():
	}
	return nil
}

func number(variable string) int {
	n, _ := strconv.Atoi(os.Getenv(variable))
	return n
}
