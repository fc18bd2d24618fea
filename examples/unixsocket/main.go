// Command unixsocket serves HTTP on a unix socket. The path stays through all
// restarts and is removed at the end.
//
//	go build -o /tmp/unixsocket ./examples/unixsocket && /tmp/unixsocket &
//	curl --unix-socket /tmp/overseer-example.sock http://local/
//	kill -USR2 %1
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-3d078585/overseer"
)

func main() {
	path := filepath.Join(os.TempDir(), "overseer-example.sock")
	overseer.Run(overseer.Config{
		Required: true,
		Program:  program,
		Address:  "unix://" + path + "?mode=0600",
	})
}

func program(state overseer.State) {
	log.Printf("generation %d serves on %s", state.Generation, state.Address)
	hello := func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "hello from generation %d\n", state.Generation)
	}
	srv := &http.Server{Handler: http.HandlerFunc(hello), ReadHeaderTimeout: 10 * time.Second}
	if err := state.Serve(srv); err != nil {
		log.Fatal(err)
	}
}
