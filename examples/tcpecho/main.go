// Command tcpecho echoes lines over plain TCP, and drains politely: at a restart
// each client may finish the line that it is writing, gets its echo, and is then
// asked to come back.
//
//	go build -o /tmp/tcpecho ./examples/tcpecho && /tmp/tcpecho &
//	nc 127.0.0.1 3000
//	kill -USR2 %1
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer"
)

func main() {
	overseer.Run(overseer.Config{Required: true, Program: program, Address: "127.0.0.1:3000", TerminateTimeout: 10 * time.Second})
}

func program(state overseer.State) {
	var conns sync.WaitGroup
	for {
		conn, err := state.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			break // the generation drains
		}
		if err != nil {
			log.Fatal(err)
		}
		conns.Go(func() { echo(state.Context(), state.Generation, conn) })
	}
	conns.Wait()
}

// echo serves one client until it leaves, or until the generation drains and the
// client has been silent for a second.
func echo(draining context.Context, generation int, conn net.Conn) {
	defer conn.Close()
	soon := func() { conn.SetReadDeadline(time.Now().Add(time.Second)) }
	defer context.AfterFunc(draining, soon)()
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		if _, err := fmt.Fprintf(conn, "%d: %s\n", generation, lines.Text()); err != nil {
			return
		}
	}
	if draining.Err() != nil {
		fmt.Fprintln(conn, "bye: please connect again")
	}
}
