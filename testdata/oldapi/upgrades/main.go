// Only auto-upgrades, no restarts: a command-line tool.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
)

func main() {
	overseer.Run(overseer.Config{
		Program:   prog,
		NoRestart: true,
		Fetcher: &fetcher.HTTP{
			URL:      "http://localhost:4000/binaries/myapp",
			Interval: 1 * time.Second,
		},
	})
}

func prog(state overseer.State) {
	fmt.Println("version", state.ID, "of", state.BinPath)
	os.Exit(0)
}
