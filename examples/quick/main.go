// Command quick is the quick example: an HTTP server of the kind that everybody
// has, made restartable by two lines.
//
//	go build -o quick ./examples/quick && ./quick &
//	curl 127.0.0.1:3000
//	kill -USR2 %1                                            # restart
//	go build -ldflags -s -o quick-next ./examples/quick      # upgrade
package main

import (
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
)

// main hands all over to overseer and does nothing else: it runs in the master
// too.
func main() {
	overseer.Run(overseer.Config{
		Program: program,
		Address: "127.0.0.1:3000",
		Fetcher: &fetcher.File{Path: "quick-next"},
	})
}

// program is the old main: it serves on the listener that it is given.
func program(state overseer.State) {
	log.Printf("generation %d (%.7s) serves on %s", state.Generation, state.ID, state.Address)
	http.Handle("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "generation %d, started %s\n", state.Generation, state.StartedAt.Format(time.TimeOnly))
	}))
	err := http.Serve(state.Listener, nil)
	log.Printf("generation %d ends: %v", state.Generation, err)
}
