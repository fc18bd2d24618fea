// Every field of State, as programs read it.
package main

import (
	"context"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/seed-3d078585/overseer"
)

func main() {
	if len(flags()) > 0 {
		prog(overseer.DisabledState) // run by hand, without overseer
		return
	}
	overseer.Run(overseer.Config{Program: prog, Addresses: []string{":3000", ":3001"}})
}

func flags() []string { return nil }

func prog(state overseer.State) {
	var (
		enabled   bool           = state.Enabled
		id        string         = state.ID
		started   time.Time      = state.StartedAt
		first     net.Listener   = state.Listener
		listeners []net.Listener = state.Listeners
		address   string         = state.Address
		addresses []string       = state.Addresses
		graceful  chan bool      = state.GracefulShutdown
		path      string         = state.BinPath
	)
	log.Println(enabled, id, started, first, address, addresses, path)
	if state.Listener == nil {
		l, err := net.Listen("tcp", ":3000")
		if err != nil {
			log.Fatal(err)
		}
		state.Listener = l
	}
	server := &http.Server{}
	go func() {
		<-graceful
		server.Shutdown(context.Background())
	}()
	for _, l := range listeners[1:] {
		go server.Serve(l)
	}
	server.Serve(state.Listener)
}
