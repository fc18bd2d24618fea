// Every field of Config, by name, with a value of its documented type.
package main

import (
	"errors"
	"io"
	"log"
	"os"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
)

func main() {
	var (
		signal    os.Signal         = overseer.SIGUSR1
		timeout   time.Duration     = 60 * time.Second
		source    fetcher.Interface = fetcher.Func(func() (io.Reader, error) { return nil, nil })
		addresses []string          = []string{":3000", ":3001"}
		program                     = func(state overseer.State) { <-state.GracefulShutdown }
		check                       = func(tempBinaryPath string) error {
			if tempBinaryPath == "" {
				return errors.New("no file")
			}
			return nil
		}
	)
	config := overseer.Config{
		Required:            true,
		Program:             program,
		Addresses:           addresses,
		RestartSignal:       signal,
		TerminateTimeout:    timeout,
		MinFetchInterval:    time.Second,
		PreUpgrade:          check,
		Debug:               true,
		NoWarn:              true,
		NoRestart:           false,
		NoRestartAfterFetch: true,
		Fetcher:             source,
		ExecFile:            "/usr/local/bin/app",
	}
	config.Address = ""
	if err := overseer.RunErr(config); err != nil {
		log.Fatal(err)
	}
	overseer.RunErr(overseer.Config{ExecFile: "./app", Program: program})
}
