// Command worker has no addresses: it works through a queue. At a restart it
// finishes the job in its hands, and only then does the next generation start,
// so no job is done twice.
//
//	go build -o /tmp/worker ./examples/worker && /tmp/worker &
//	kill -USR2 %1
package main

import (
	"context"
	"log"
	"time"

	"github.com/seed-3d078585/overseer"
)

func main() {
	overseer.Run(overseer.Config{Required: true, Program: program})
}

func program(state overseer.State) {
	ctx := state.Context() // done at a restart, at SIGTERM and at Ctrl-C
	state.Ready()          // there is nothing to warm up
	for job := 1; ctx.Err() == nil; job++ {
		log.Printf("generation %d does job %d", state.Generation, job)
		do(job)
		wait(ctx, time.Second)
	}
	log.Printf("generation %d ends", state.Generation)
}

// do takes its time and is never broken off.
func do(int) { time.Sleep(500 * time.Millisecond) }

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
