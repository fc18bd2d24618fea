//go:build linux

package overseer_test

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer"
)

// This file keeps both sides of version 1 of the protocol as they were: a master
// of today works with a worker of then, and the other way round. It shares no
// code with what it is held against.

// A frame1 is one message of version 1.
type frame1 struct {
	Type string          `json:"type"`
	FDs  int             `json:"fds,omitempty"`
	Body json.RawMessage `json:"body,omitempty"`
}

// A peer1 is one side of a conversation in version 1.
type peer1 struct{ c *net.UnixConn }

func newPeer1(f *os.File) peer1 {
	c, err := net.FileConn(f)
	if err != nil {
		panic(err)
	}
	f.Close()
	return peer1{c.(*net.UnixConn)}
}

func (p peer1) say(kind string, body any, fds ...int) {
	text, err := json.Marshal(body)
	if err == nil {
		text, err = json.Marshal(frame1{Type: kind, FDs: len(fds), Body: text})
	}
	if err != nil {
		panic(err)
	}
	frame := append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
	var rights []byte
	if len(fds) > 0 {
		rights = syscall.UnixRights(fds...)
	}
	p.c.WriteMsgUnix(frame, rights, nil) // the end is seen by hear
}

// hear returns the next message, or false at the end. The descriptors of a frame
// come with its length.
func (p peer1) hear() (f frame1, files []*os.File, ok bool) {
	head, oob := make([]byte, 4), make([]byte, 4096)
	n, oobn, _, _, err := p.c.ReadMsgUnix(head, oob)
	if err != nil || n == 0 {
		return f, nil, false
	}
	if _, err := io.ReadFull(p.c, head[n:]); err != nil {
		return f, nil, false
	}
	text := make([]byte, binary.BigEndian.Uint32(head))
	if _, err := io.ReadFull(p.c, text); err != nil {
		return f, nil, false
	}
	if err := json.Unmarshal(text, &f); err != nil {
		panic(err)
	}
	messages, _ := syscall.ParseSocketControlMessage(oob[:oobn])
	for _, m := range messages {
		fds, _ := syscall.ParseUnixRights(&m)
		for _, fd := range fds {
			syscall.CloseOnExec(fd)
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	return f, files, true
}

// workVersion1 is a worker of version 1 with an HTTP server.
func workVersion1(control *os.File) {
	p := newPeer1(control)
	p.say("hello", map[string]int{"min": 1, "max": 1, "pid": os.Getpid()})
	var setup struct {
		Version, Generation int
		ID                  string
	}
	var listeners []net.Listener
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			return
		}
		w.Header().Set("X-Version", readPlan().Version)
		fmt.Fprintf(w, "version %s\n", readPlan().Version)
	})}
	private := make(chan net.Conn)
	var open sync.Once
	for {
		f, files, ok := p.hear()
		if !ok {
			os.Exit(1)
		}
		switch f.Type {
		case "setup":
			json.Unmarshal(f.Body, &setup)
		case "sockets":
			for _, file := range files {
				l, err := net.FileListener(file)
				if err != nil {
					panic(err)
				}
				file.Close()
				listeners = append(listeners, l)
			}
		case "begin":
			fmt.Fprintf(os.Stderr, "worker of version %d begins as generation %d with %d sockets\n", setup.Version, setup.Generation, len(listeners))
			go server.Serve(handed1{private, listeners[0].Addr()})
			for i := range listeners {
				p.say("accepting", map[string][]int{"sockets": {i}})
			}
		case "private":
			for _, file := range files {
				conn, err := net.FileConn(file)
				file.Close()
				if err == nil {
					private <- conn
				}
			}
		case "open":
			open.Do(func() {
				for _, l := range listeners {
					go server.Serve(l)
				}
			})
			p.say("opened", struct{}{})
		case "pause":
			// It goes on accepting, which that version's workers did not.
		case "drain":
			os.Exit(0) // in the test nothing is in flight by now
		case "status":
		default:
			fmt.Fprintf(os.Stderr, "a message that version 1 does not know: %s\n", f.Type)
			os.Exit(4)
		}
	}
}

// handed1 is a listener of connections that were handed over.
type handed1 struct {
	conns chan net.Conn
	addr  net.Addr
}

func (h handed1) Accept() (net.Conn, error) { return <-h.conns, nil }
func (h handed1) Close() error              { return nil }
func (h handed1) Addr() net.Addr            { return h.addr }

// speaksVersion1 is a program whose releases may be workers of version 1.
var speaksVersion1 = register("speaks version 1", func() {
	if value := startEnv("OVERSEER_CONTROL"); value != "" && readPlan().Fault == "speaks version 1" {
		var fd int
		fmt.Sscanf(value, "%d", &fd)
		workVersion1(os.NewFile(uintptr(fd), "control"))
	}
	c := webConfig()
	c.Program = serveWeb
	overseer.Run(c)
})

// TestWorkerOfVersion1: a release that speaks the version before is started,
// probed, committed, and restarted under a master of today; so is the next one.
func TestWorkerOfVersion1(t *testing.T) {
	t.Parallel()
	s := startService(t, speaksVersion1, env("TEST_PROBATION", "100ms"))
	s.live(1)
	publish(t, s.Next, plan{Version: "2", Fault: "speaks version 1"})
	s.await(1, "worker of version 1 begins as generation 2 with 1 sockets")
	s.await(1, replaced)
	if got := answers(t, s); got != "2" {
		t.Errorf("version %q answers, want 2", got)
	}
	s.restart()
	s.await(1, "worker of version 1 begins as generation 3")
	publish(t, s.Next, plan{Version: "3"})
	s.await(2, replaced)
	if got := answers(t, s); got != "3" {
		t.Errorf("version %q answers, want 3", got)
	}
	if n := s.count("a message that version 1 does not know"); n > 0 {
		t.Errorf("%d messages of a later version were said to a worker of version 1", n)
	}
	s.stop()
}

// TestMasterOfVersion1: a worker of today serves, pauses, is put back and drains
// as a master of the version before tells it to.
func TestMasterOfVersion1(t *testing.T) {
	t.Parallel()
	usedPrograms.Store(web, true)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if err := syscall.SetNonblock(int(socket.Fd()), true); err != nil {
		t.Fatal(err)
	}
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	end := os.NewFile(uintptr(fds[1]), "worker's end")
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), programVariable+"="+web, "OVERSEER_CONTROL=3:::")
	cmd.ExtraFiles = []*os.File{end}
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end.Close()
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	master := newPeer1(os.NewFile(uintptr(fds[0]), "master's end"))
	defer master.c.Close()
	expect := func(kind string) frame1 {
		t.Helper()
		for {
			f, _, ok := master.hear()
			if !ok {
				t.Fatalf("the worker has hung up instead of saying %q\n%s", kind, out.String())
			}
			if f.Type == kind {
				return f
			}
			t.Errorf("the worker says %q, which a master of version 1 does not know or expect here", f.Type)
		}
	}
	var hello struct{ Min, Max int }
	json.Unmarshal(expect("hello").Body, &hello)
	if hello.Min > 1 || hello.Max < 2 {
		t.Errorf("the worker speaks versions %d to %d, want 1 and 2 among them", hello.Min, hello.Max)
	}
	master.say("setup", map[string]any{"version": 1, "generation": 7, "id": "x", "digest": "y", "bin_path": "/app", "terminate_timeout": 10_000_000_000})
	master.say("sockets", map[string]any{"sockets": []map[string]string{{"network": "tcp", "address": l.Addr().String()}}}, int(socket.Fd()))
	master.say("begin", struct{}{})
	expect("accepting")
	master.say("open", struct{}{})
	expect("opened")
	url := "http://" + l.Addr().String() + "/"
	if _, body, err := get(url); err != nil || body != "version 1\n" {
		t.Errorf("the worker answers %q, %v", body, err)
	}
	master.say("pause", map[string][]int{"sockets": {0}})
	master.say("open", struct{}{})
	expect("opened")
	if _, body, err := get(url); err != nil || body != "version 1\n" {
		t.Errorf("put back, the worker answers %q, %v", body, err)
	}
	master.say("drain", map[string]any{"timeout": 5_000_000_000, "signal": 0, "last": true})
	if _, _, ok := master.hear(); ok {
		t.Error("the worker says something while it drains, want its end")
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the worker ended with %v\n%s", err, out.String())
	}
}
