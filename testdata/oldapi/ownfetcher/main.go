// A fetcher of the user's own: two methods and nothing else.
package main

import (
	"io"
	"os"
	"time"

	"github.com/seed-3d078585/overseer"
)

type directory string

func (directory) Init() error { return nil }

func (d directory) Fetch() (io.Reader, error) {
	time.Sleep(time.Second)
	f, err := os.Open(string(d) + "/next")
	if os.IsNotExist(err) {
		return nil, nil
	}
	return f, err
}

func main() {
	overseer.Run(overseer.Config{
		Program: func(state overseer.State) { <-state.GracefulShutdown },
		Fetcher: directory("/srv/releases"),
	})
}
