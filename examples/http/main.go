// Command http is an HTTP server that loses no request when it is restarted:
// State.Serve ends accepting first, tells kept-alive clients to go elsewhere and
// ends when nothing is left.
//
//	go build -o /tmp/http ./examples/http && /tmp/http &
//	curl '127.0.0.1:3000/?for=10s' &
//	kill -USR2 %1
package main

import (
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/probe"
)

func main() {
	overseer.Run(overseer.Config{
		Required: true,
		Program:  program,
		Address:  "127.0.0.1:3000",
		Probe:    probe.HTTP("/healthz"),
	})
}

func program(state overseer.State) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		takes, _ := time.ParseDuration(r.FormValue("for")) // none given: no time at all
		select {
		case <-time.After(takes):
		case <-r.Context().Done():
		}
		fmt.Fprintf(w, "generation %d took %v\n", state.Generation, takes)
	})
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	log.Printf("generation %d serves on %s", state.Generation, state.Address)
	if err := state.Serve(srv); err != nil {
		log.Fatal(err)
	}
}
