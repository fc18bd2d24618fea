// Package served is the program that all contestants serve: the same handler,
// whoever restarts it.
//
//   - / answers a line.
//   - /slow answers Parts parts, Pace apart, and then its end.
//   - /echo upgrades the connection to lines that are echoed.
//   - /file is a large file, which goes by sendfile(2) where it can.
//   - /self is what the process holds.
//
// Echoed connections end as a WebSocket does: the program says "bye", goes on
// answering what is on its way, and the client closes.
package served

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"runtime"
	"time"
)

// What /slow sends.
const (
	Parts = 10
	Pace  = 15 * time.Millisecond
	End   = "end\n"
)

// VersionHeader tells which generation has answered.
const VersionHeader = "X-Version"

// Handler is the whole program for HTTP. Upgraded connections are told to end
// when ctx is done. File may be empty.
func Handler(ctx context.Context, version, file string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello, this is the program\n") })
	mux.HandleFunc("/slow", slow)
	mux.HandleFunc("/echo", func(w http.ResponseWriter, _ *http.Request) { upgrade(ctx, w, version) })
	mux.HandleFunc("/file", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	mux.HandleFunc("/self", func(w http.ResponseWriter, _ *http.Request) { json.NewEncoder(w).Encode(look()) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(VersionHeader, version)
		mux.ServeHTTP(w, r)
	})
}

// Protocols are those of the server: HTTP/1 and HTTP/2 in clear text.
func Protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetUnencryptedHTTP2(true)
	return p
}

func slow(w http.ResponseWriter, r *http.Request) {
	tick := time.NewTicker(Pace)
	defer tick.Stop()
	for range Parts {
		io.WriteString(w, "a part\n")
		http.NewResponseController(w).Flush()
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
	io.WriteString(w, End)
}

// A Self is what a process holds.
type Self struct {
	PID        int
	Goroutines int
	Heap       uint64 // bytes in use, after a collection
	Stacks     uint64
}

func look() Self {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return Self{PID: os.Getpid(), Goroutines: runtime.NumGoroutine(), Heap: m.HeapAlloc, Stacks: m.StackInuse}
}
