// A fetcher that asks where the next binary is before it gets it.
package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
)

type latest struct {
	Base     string
	Interval time.Duration

	delay bool
	last  string
}

var _ fetcher.Interface = (*latest)(nil)

func (l *latest) Init() error {
	if l.Base == "" {
		return errors.New("base URL required")
	}
	if l.Interval == 0 {
		l.Interval = 5 * time.Minute
	}
	return nil
}

func (l *latest) Fetch() (io.Reader, error) {
	if l.delay {
		time.Sleep(l.Interval)
	}
	l.delay = true
	resp, err := http.Get(l.Base + "/latest")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	version := strings.TrimSpace(string(b))
	if version == l.last {
		return nil, nil
	}
	resp, err = http.Get(fmt.Sprintf("%s/%s/app-%s-%s", l.Base, version, runtime.GOOS, runtime.GOARCH))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("GET failed (status code %d)", resp.StatusCode)
	}
	l.last = version
	return resp.Body, nil
}

func main() {
	overseer.Run(overseer.Config{
		Program: func(state overseer.State) { http.Serve(state.Listener, nil) },
		Address: ":3000",
		Fetcher: &latest{Base: "http://localhost:4000"},
	})
}
