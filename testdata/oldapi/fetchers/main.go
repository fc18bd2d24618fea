// The ready-made fetchers with all their fields.
package main

import (
	"io"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
)

func main() {
	var source fetcher.Interface
	for _, source = range []fetcher.Interface{
		&fetcher.HTTP{
			URL:          "http://localhost:4000/binaries/myapp",
			Interval:     1 * time.Second,
			CheckHeaders: []string{"ETag", "Last-Modified"},
		},
		&fetcher.File{
			Path:     "my_app_next",
			Interval: 1 * time.Second,
		},
		&fetcher.Github{
			User:     "user",
			Repo:     "app",
			Interval: 5 * time.Minute,
			Asset:    func(filename string) bool { return strings.Contains(filename, "linux") },
		},
		fetcher.Func(func() (io.Reader, error) { return nil, nil }),
	} {
		if err := source.Init(); err != nil {
			panic(err)
		}
	}
	overseer.Run(overseer.Config{Program: func(overseer.State) {}, Fetcher: source})
}
