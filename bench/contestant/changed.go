package contestant

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// between is the pause between two questions.
const between = 2 * time.Millisecond

// Ask returns the version that answers at an address, over a connection of its
// own.
func Ask(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/", nil)
	if err != nil {
		return "", err
	}
	req.Close = true
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	resp.Body.Close()
	if version := resp.Header.Get("X-Version"); version != "" {
		return version, nil
	}
	return "", errors.New("the answer has no X-Version")
}

// Changed asks at an address until a version answers that is not in old, and
// returns it. Errors in between count for nothing: it is the load that counts
// them. It blocks until then or until ctx is done.
func Changed(ctx context.Context, address string, old map[string]bool) (string, error) {
	tick := time.NewTicker(between)
	defer tick.Stop()
	for {
		version, err := Ask(ctx, address)
		if err == nil && !old[version] {
			return version, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "", fmt.Errorf("wait for a new version at %s: %w (the last answer: %q, %v)", address, ctx.Err(), version, err)
		}
	}
}
