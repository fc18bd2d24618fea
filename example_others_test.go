package overseer_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer"
)

// These are the examples of docs/from-others.md.

// A program that had an upgrader: its listeners were made by it, it was told
// "ready", and its main waited for a channel to be closed. A hangup upgraded it.
func Example_fromUpgrader() {
	overseer.Run(overseer.Config{
		Required:         true,
		Addresses:        []string{":8080", "127.0.0.1:9090"}, // was: one call of Listen each
		RestartSignal:    syscall.SIGHUP,                      // was: a goroutine that waits for it
		ReadyTimeout:     time.Minute,                         // was: the upgrader's timeout
		PIDFile:          "/run/app.pid",                      // the number in it does not change any more
		TerminateTimeout: 30 * time.Second,                    // was: a timer around Shutdown
		Program: func(state overseer.State) {
			go serveMetrics(state.Listeners[1])
			go serveLines(state.Listeners[0])
			state.Ready()              // only if Accept comes long after this
			<-state.GracefulShutdown   // was: the exit channel
			log.Print("the rest ends") // connections are waited for after the return
		},
	})
}

func serveMetrics(l net.Listener) { http.Serve(l, nil) }

func serveLines(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			io.Copy(conn, conn)
		}()
	}
}

// A program that handed several servers to one call, which served them and
// restarted by itself. Here one server has all listeners, and the listener
// decides which handler answers.
func Example_fromServers() {
	public, admin := http.NewServeMux(), http.NewServeMux() // was: the Handler of each server
	overseer.Run(overseer.Config{
		Required:  true,
		Addresses: []string{":8080", "127.0.0.1:9090"}, // was: the Addr of each server
		Program: func(state overseer.State) {
			if err := serveEach(state, public, admin); err != nil {
				log.Fatal(err)
			}
		},
	})
}

// serveEach has a handler for each listener.
func serveEach(state overseer.State, handlers ...http.Handler) error {
	type key struct{}
	return state.Serve(&http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(l net.Listener) context.Context { // called once for each listener
			i := slices.IndexFunc(state.Listeners, func(of net.Listener) bool { return of.Addr().String() == l.Addr().String() })
			return context.WithValue(context.Background(), key{}, handlers[i])
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Context().Value(key{}).(http.Handler).ServeHTTP(w, r)
		}),
	})
}

// A program that called a ListenAndServe which restarts.
func Example_fromListenAndServe() {
	handler := http.NewServeMux()
	overseer.Run(overseer.Config{
		Required: true,
		Address:  ":8080",
		Program: func(state overseer.State) {
			if err := state.Serve(&http.Server{Handler: handler}); err != nil {
				log.Fatal(err)
			}
		},
	})
}

// A program that took its sockets from a service manager: the master takes them
// now, and the program has them from its State.
func Example_fromSocketActivation() {
	overseer.Run(overseer.Config{
		Required:  true,
		Addresses: []string{"systemd:web"}, // FileDescriptorName= of the socket unit
		Program: func(state overseer.State) {
			if err := state.Serve(&http.Server{}); err != nil {
				log.Fatal(err)
			}
		},
	})
}

// A service that binds port 443 and runs nothing of the program as root.
func ExampleCredential() {
	overseer.Run(overseer.Config{
		Address:    ":443",
		Credential: &overseer.Credential{User: "www-data"},
		PIDFile:    "/run/app.pid",
		Program:    func(state overseer.State) { state.Serve(&http.Server{}) },
	})
}
