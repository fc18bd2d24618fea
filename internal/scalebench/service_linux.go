package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/seed-3d078585/overseer"
)

// roleVariable makes this binary a service with so many listeners.
const roleVariable = "SCALEBENCH_LISTENERS"

// service runs a program that echoes bytes, and takes its connections along.
func service() {
	listeners, _ := strconv.Atoi(os.Getenv(roleVariable))
	overseer.Run(overseer.Config{
		Required:         true,
		Addresses:        slices.Repeat([]string{"127.0.0.1:0"}, listeners),
		TerminateTimeout: 5 * time.Minute, // what is not moved fails the measurement
		Logger:           slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Program:          program,
	})
}

func program(state overseer.State) {
	text, _ := json.Marshal(state.Addresses) // strings
	fmt.Fprintf(os.Stderr, "addresses of generation %d: %s\n", state.Generation, text)
	var all sync.WaitGroup
	all.Go(func() {
		<-state.GracefulShutdown
		fmt.Fprintf(os.Stderr, "generation %d drains\n", state.Generation)
	})
	all.Go(func() {
		for {
			item, err := state.Inherited(context.Background())
			if err != nil {
				return
			}
			all.Go(func() { echo(state, item.Conn) })
		}
	})
	for _, l := range state.Listeners {
		all.Go(func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				all.Go(func() { echo(state, conn) })
			}
		})
	}
	all.Wait()
}

// echo serves one connection, byte by byte, until its client closes it or it has
// moved. Nothing is ever begun and not finished, so it moves without data.
func echo(state overseer.State, conn net.Conn) {
	defer conn.Close()
	defer context.AfterFunc(state.Context(), func() { conn.SetReadDeadline(time.Unix(1, 0)) })()
	var b [1]byte
	for {
		_, err := conn.Read(b[:])
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if err := state.Handover(context.Background(), overseer.Item{Conn: conn}); err != nil {
				fmt.Fprintln(os.Stderr, "not moved:", err)
			}
			return
		case err != nil:
			return
		}
		if _, err := conn.Write(b[:]); err != nil {
			return
		}
	}
}
