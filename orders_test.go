//go:build unix

package overseer_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
)

// obeying registers a service whose program does what requests tell it to: how
// a test reaches inside.
func obeying(name string, change func(*overseer.Config)) string {
	return register(name, func() {
		c := webConfig()
		c.Program = obey
		change(&c)
		overseer.Run(c)
	})
}

// obey serves the orders until it is told to return, or drains.
func obey(s overseer.State) {
	if fault := readPlan(); fault.Fault == "exit at start" {
		fmt.Fprintln(os.Stderr, "last words of version "+fault.Version)
		os.Exit(fault.ExitCode)
	}
	done := make(chan struct{})
	end := sync.OnceFunc(func() { close(done) })
	announce(s)
	go func() {
		defer end()
		if err := s.Serve(&http.Server{Handler: orders(s, end)}); err != nil {
			fmt.Fprintln(os.Stderr, "serve:", err)
			os.Exit(3)
		}
	}()
	<-done
}

func orders(s overseer.State, end func()) http.Handler {
	go func() {
		<-s.GracefulShutdown
		fmt.Fprintf(os.Stderr, "generation %d drains\n", s.Generation)
	}()
	mux := http.NewServeMux()
	version := readPlan().Version
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Version", version)
		fmt.Fprintf(w, "version %s generation %d", version, s.Generation)
	})
	// /held answers when its body ends: the client decides how long it takes.
	mux.HandleFunc("/held", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(os.Stderr, "holding a request")
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			fmt.Fprintln(os.Stderr, "held request:", err)
		}
		fmt.Fprintf(w, "version %s generation %d", version, s.Generation)
	})
	mux.HandleFunc("/restart", func(w http.ResponseWriter, r *http.Request) {
		times, _ := strconv.Atoi(r.FormValue("times"))
		var calls sync.WaitGroup
		for range max(times, 1) {
			calls.Go(overseer.Restart)
		}
		calls.Wait()
	})
	mux.HandleFunc("/force", func(http.ResponseWriter, *http.Request) { overseer.ForceRestart() })
	mux.HandleFunc("/status", func(w http.ResponseWriter, r *http.Request) {
		status, err := s.Status(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		json.NewEncoder(w).Encode(status)
	})
	mux.HandleFunc("/return", func(http.ResponseWriter, *http.Request) { end() })
	mux.HandleFunc("/exit", func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(r.FormValue("code"))
		os.Exit(code)
	})
	mux.HandleFunc("/kill", func(w http.ResponseWriter, r *http.Request) {
		sig, _ := strconv.Atoi(r.FormValue("signal"))
		syscall.Kill(os.Getpid(), syscall.Signal(sig))
		select {} // it comes
	})
	return mux
}

// oneRequest is a client that keeps no connection, so it never sends a request
// twice.
var oneRequest = &http.Client{Timeout: bound, Transport: &http.Transport{DisableKeepAlives: true}}

// ask makes a request that must be answered, and returns the answer.
func ask(t *testing.T, s *service, path string) string {
	t.Helper()
	resp, err := oneRequest.Get("http://" + s.Address() + path)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s %q, %v", path, resp.Status, body, err)
	}
	return string(body)
}

// order makes a request that may end without an answer, as its server does.
func order(s *service, path string) {
	s.t.Helper()
	if resp, err := oneRequest.Get("http://" + s.Address() + path); err == nil {
		resp.Body.Close()
	}
}

// status asks the program for what its master holds.
func status(t *testing.T, s *service) (held overseer.Status) {
	t.Helper()
	if text := ask(t, s, "/status"); json.Unmarshal([]byte(text), &held) != nil {
		t.Fatalf("status is %q, want JSON", text)
	}
	return held
}

// drains waits until a generation accepts no more: "live" of the next one is
// said a moment before.
func (s *service) drains(generation int) {
	s.t.Helper()
	s.await(1, fmt.Sprintf("generation %d drains", generation))
}

// A held request has arrived in the program, which answers when finish is
// called. It is never sent twice.
type heldRequest struct {
	t    *testing.T
	conn net.Conn
}

// holdRequest begins a held request and waits until the program has it.
func holdRequest(t *testing.T, s *service) *heldRequest {
	t.Helper()
	before := s.count("holding a request")
	conn, err := net.Dial("tcp", s.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(bound))
	if _, err := io.WriteString(conn, "POST /held HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	s.await(before+1, "holding a request")
	return &heldRequest{t: t, conn: conn}
}

// finish lets the program answer, and returns what it said.
func (h *heldRequest) finish() string {
	h.t.Helper()
	defer h.conn.Close()
	h.conn.SetDeadline(time.Now().Add(bound))
	if _, err := io.WriteString(h.conn, "."); err != nil {
		h.t.Errorf("a held request was cut: %v", err)
		return ""
	}
	resp, err := http.ReadResponse(bufio.NewReader(h.conn), nil)
	if err != nil {
		h.t.Errorf("a held request was cut: %v", err)
		return ""
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		h.t.Errorf("a held request was answered with %s %q, %v", resp.Status, body, err)
	}
	return string(body)
}

// cut waits until the server closes the connection, without an answer.
func (h *heldRequest) cut() error {
	h.t.Helper()
	h.conn.SetDeadline(time.Now().Add(bound))
	n, err := h.conn.Read(make([]byte, 1))
	if n > 0 || (err != nil && strings.Contains(err.Error(), "timeout")) {
		return fmt.Errorf("%d bytes came, %v: want the end of the connection", n, err)
	}
	return nil
}
