// A dynamic URL by fetcher.Func, around the ready-made fetcher.
package main

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
)

func main() {
	overseer.Run(overseer.Config{
		Required: true,
		Program:  func(state overseer.State) { http.Serve(state.Listener, nil) },
		Address:  ":3000",
		Fetcher: fetcher.Func(func() (io.Reader, error) {
			time.Sleep(time.Minute)
			f := &fetcher.HTTP{URL: fmt.Sprintf("http://localhost:4000/%d/app", time.Now().Year())}
			if err := f.Init(); err != nil {
				return nil, err
			}
			return f.Fetch()
		}),
	})
}
