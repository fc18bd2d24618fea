//go:build unix

package overseer_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
)

// leaving is a program that runs alone, and leaves the next one a connection, a
// file and a megabyte.
var leaving = register("leaving", func() {
	c := webConfig()
	c.Probe = nil
	c.Sequential = os.Getenv("TEST_OVERLAP") == ""
	c.Program = leave
	overseer.Run(c)
})

func leave(s overseer.State) {
	err := s.Handover(context.Background(), overseer.Item{Name: "too early"})
	fmt.Fprintf(os.Stderr, "generation %d before its drain: %v\n", s.Generation, err)

	now, cancel := context.WithCancel(context.Background())
	cancel() // what is there is asked for, and nothing is waited for
	legacy := map[string]overseer.Item{}
	for {
		item, err := s.Inherited(now)
		if err != nil {
			fmt.Fprintf(os.Stderr, "generation %d inherits %d items: %v\n", s.Generation, len(legacy), err)
			break
		}
		legacy[item.Name] = item
	}
	announce(s)
	conn, file := legacy["conn"].Conn, legacy["file"].File
	if s.Generation == 1 {
		if conn, err = s.Listener.Accept(); err == nil {
			file, err = os.Create(os.Getenv("TEST_NEXT") + ".file")
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "begin:", err)
			os.Exit(1)
		}
	} else {
		s.Ready()
	}
	fmt.Fprintf(conn, "generation %d has %d bytes\n", s.Generation, len(legacy["blob"].Data))
	fmt.Fprintf(file, "generation %d\n", s.Generation)
	<-s.GracefulShutdown
	for _, item := range []overseer.Item{
		{Name: "conn", Conn: conn}, {Name: "file", File: file},
		{Name: "blob", Data: append(legacy["blob"].Data, make([]byte, 1<<20)...)},
	} {
		if err := s.Handover(context.Background(), item); err != nil {
			fmt.Fprintf(os.Stderr, "generation %d keeps %s: %v\n", s.Generation, item.Name, err)
		}
		if item.Conn != nil {
			item.Conn.Close() // a second time, where it was handed over
		}
	}
}

// TestSequentialGenerationsLeaveItems: one generation has ended before the next
// one begins, and its client, its file and its state are there.
func TestSequentialGenerationsLeaveItems(t *testing.T) {
	t.Parallel()
	s := startService(t, leaving)
	conn, err := net.Dial("tcp", s.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(bound))
	s.live(1)
	in := bufio.NewReader(conn)
	if first, err := in.ReadString('\n'); first != "generation 1 has 0 bytes\n" {
		t.Fatalf("the client reads %q, %v", first, err)
	}
	for restart := 1; restart <= 3; restart++ {
		s.restart()
		s.live(restart + 1)
	}
	s.stop()
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	want := "generation 2 has 1048576 bytes\ngeneration 3 has 2097152 bytes\ngeneration 4 has 3145728 bytes\n"
	if string(text) != want {
		t.Errorf("the client reads\n%s\nwant\n%s", text, want)
	}
	if file := read(t, s.Next+".file"); strings.Count(file, "\n") != 4 {
		t.Errorf("the file has\n%s\nwant a line of each of 4 generations", file)
	}
	for generation, inherits := range map[int]int{1: 0, 2: 3, 4: 3} {
		s.await(1, fmt.Sprintf("generation %d inherits %d items: inherit: context canceled", generation, inherits))
	}
	s.await(4, "before its drain: hand over \"too early\": this generation does not drain", "State.GracefulShutdown")
	s.await(3, "generation 4 keeps", "the service ends")
}

// At the end of the service nobody takes anything, and where overseer is
// disabled, neither.
func TestHandoverHasNobody(t *testing.T) {
	t.Parallel()
	if err := overseer.DisabledState.Handover(t.Context(), overseer.Item{}); !errors.Is(err, overseer.ErrDisabled) {
		t.Errorf("Handover where overseer is disabled = %v", err)
	}
	if _, err := overseer.DisabledState.Inherited(t.Context()); !errors.Is(err, overseer.ErrDisabled) {
		t.Errorf("Inherited where overseer is disabled = %v", err)
	}
	s := startService(t, leaving, env("TEST_OVERLAP", "1"))
	conn, err := net.Dial("tcp", s.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s.live(1)
	if _, err := io.ReadFull(conn, make([]byte, len("generation 1"))); err != nil {
		t.Fatal(err)
	}
	s.Signal(syscall.SIGTERM)
	s.wait()
	s.await(3, "generation 1 keeps", "find the generation that goes on: the service ends")
}
