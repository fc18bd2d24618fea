package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
	"github.com/seed-3d078585/overseer/fetcher"
)

// This file is what this binary is when it is measured.

// Variables of the environment.
const (
	roleVariable = "ADMINBENCH_ROLE"
	dirVariable  = "ADMINBENCH_DIR" // for state and sockets
)

// A role is what a process is.
type role string

const (
	idle     role = "idle"     // a program that does nothing
	disabled role = "disabled" // a master that cannot be looked at
	fetching role = "fetching" // the same, which looks for releases
	full     role = "full"     // a master that has everything on
	speaker  role = "speaker"  // a server that tells made-up events
)

// played plays a role, where there is one, and returns when it is over.
func played() bool {
	switch as := role(os.Getenv(roleVariable)); as {
	case "":
		return false
	case idle:
		fmt.Fprintln(os.Stderr, sayIdle)
		io.Copy(io.Discard, os.Stdin)
	case speaker:
		if err := speak(); err != nil {
			fmt.Fprintln(os.Stderr, "adminbench:", err)
			os.Exit(1)
		}
	default:
		overseer.Run(configOf(as))
	}
	return true
}

const (
	sayIdle     = "idle"
	sayListens  = "listens"
	sayAddress  = "address "
	speakSocket = "speaker.sock"
)

func configOf(as role) overseer.Config {
	dir := os.Getenv(dirVariable)
	c := overseer.Config{
		Required: true,
		Address:  "127.0.0.1:0",
		Logger:   slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Program:  program,
		Admin:    overseer.Admin{Disabled: as != full},
	}
	if as != disabled {
		self, _ := os.Executable() // a release that runs already is looked at, and passed over
		c.Fetcher = &fetcher.File{Path: self}
		c.StateDir = filepath.Join(dir, "state")
	}
	if as == full {
		counted := 0
		c.OnEvent = func(overseer.Event) { counted++ }
	}
	return c
}

// A self is what a worker says of itself.
type self struct{ PID, Goroutines int }

func program(state overseer.State) {
	fmt.Fprintf(os.Stderr, "%s%s\n", sayAddress, state.Listener.Addr())
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello\n") })
	mux.HandleFunc("/self", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(self{os.Getpid(), runtime.NumGoroutine()})
	})
	state.Serve(&http.Server{Handler: mux})
}

// speak serves a master that does nothing, which tells as many events as each
// line of standard input asks for.
func speak() error {
	master := admintest.New()
	server := admin.NewServer(master, admin.Options{})
	l, err := net.Listen("unix", filepath.Join(os.Getenv(dirVariable), speakSocket))
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l, admin.Access{Peer: true}) }()
	fmt.Fprintln(os.Stderr, sayListens)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		n, err := strconv.Atoi(in.Text())
		if err != nil {
			return err
		}
		for i := range n {
			master.Emit(admin.Event{
				Kind: admin.Live, Generation: i, PID: 4000 + i, Version: "1.2.3",
				Release: strings.Repeat("a1", 32), Reason: "it accepts on all sockets",
			})
		}
	}
	server.Close(5 * time.Second)
	return <-ended
}
