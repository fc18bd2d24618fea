// Command echo echoes lines over TCP, and takes its live connections along from
// one generation to the next: a client that is connected does not notice a
// restart or an upgrade.
//
//	go build -o /tmp/echo ./examples/echo && /tmp/echo &
//	nc 127.0.0.1 3000
//	kill -USR2 %1
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer"
)

func main() {
	address := "127.0.0.1:3000"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	overseer.Run(overseer.Config{Required: true, Program: program, Address: address})
}

func program(state overseer.State) {
	var sessions sync.WaitGroup
	sessions.Go(func() {
		for {
			item, err := state.Inherited(context.Background())
			if err != nil {
				return // this generation drains
			}
			sessions.Go(func() { serve(state, item.Conn, item.Data) })
		}
	})
	fmt.Printf("generation %d listening on %s\n", state.Generation, state.Address)
	for {
		conn, err := state.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			break // this generation drains, and its connections have moved
		}
		if err != nil {
			log.Fatal(err)
		}
		sessions.Go(func() { serve(state, conn, nil) })
	}
	sessions.Wait()
}

// serve echoes the lines of a connection, of which begun was read already, until
// its client leaves or another generation has it.
func serve(state overseer.State, conn net.Conn, begun []byte) {
	defer conn.Close()
	in := bufio.NewReader(io.MultiReader(bytes.NewReader(begun), conn))
	// Read is woken when it is time to move, and not before what it has read was
	// answered.
	stay := context.AfterFunc(state.Context(), func() { conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stay()
	for {
		line, err := in.ReadSlice('\n') // 4 KiB at most
		switch {
		case err == nil:
			if _, err := fmt.Fprintf(conn, "%d: %s", state.Generation, line); err != nil {
				return
			}
		case errors.Is(err, os.ErrDeadlineExceeded):
			// What was read and not answered is all in line.
			if err := state.Handover(context.Background(), overseer.Item{Name: "conn", Conn: conn, Data: line}); err == nil {
				return
			}
			// Nobody takes it, as at the end of the service.
			conn.SetReadDeadline(time.Time{})
			in = bufio.NewReader(io.MultiReader(bytes.NewReader(line), conn))
		default:
			return // the client has left, or its line is too long
		}
	}
}
