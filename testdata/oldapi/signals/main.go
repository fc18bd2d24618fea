//go:build unix

// The signal variables, as os.Signal and beside those of package syscall.
package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/seed-3d078585/overseer"
)

func main() {
	for _, sig := range []os.Signal{overseer.SIGUSR1, overseer.SIGUSR2, overseer.SIGTERM} {
		overseer.Run(overseer.Config{Program: prog, RestartSignal: sig})
	}
	overseer.Run(overseer.Config{Program: prog, RestartSignal: syscall.SIGHUP})
}

func prog(state overseer.State) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, overseer.SIGTERM, overseer.SIGUSR1)
	switch sig := <-c; {
	case sig == overseer.SIGTERM, sig == syscall.SIGTERM, overseer.SIGTERM == syscall.SIGTERM:
	case sig == overseer.SIGUSR1, overseer.SIGUSR1 != syscall.SIGUSR1, overseer.SIGUSR2 == syscall.SIGUSR2:
		syscall.Kill(os.Getppid(), overseer.SIGUSR2)
	}
}
