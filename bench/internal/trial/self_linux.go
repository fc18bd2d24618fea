package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/seed-3d078585/overseer/bench/contestant"
	"github.com/seed-3d078585/overseer/bench/internal/rivals"
	"github.com/seed-3d078585/overseer/bench/internal/served"
)

// self asks a program what its process holds.
func self(ctx context.Context, address string) (s served.Self, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/self", nil)
	if err != nil {
		return s, err
	}
	req.Close = true
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	err = json.NewDecoder(resp.Body).Decode(&s)
	return s, err
}

// A subject is the program in one role, running.
type subject struct {
	contestant.Contestant
	place  contestant.Place
	worker int // the process that answers
}

// subjects starts the plain program and overseer's, in this order.
func (t *Trials) subjects(ctx context.Context, env ...string) (all []subject, stop func() error, err error) {
	stop = func() (err error) {
		for _, s := range all {
			if e := s.Stop(); e != nil && err == nil {
				err = e
			}
		}
		return err
	}
	for _, role := range []string{rivals.RolePlain, rivals.RoleOverseer} {
		c, place, err := t.running(ctx, role, t.self, env...)
		if err != nil {
			stop()
			return nil, nil, err
		}
		all = append(all, subject{Contestant: c, place: place})
		held, err := self(ctx, place.HTTP)
		if err != nil {
			stop()
			return nil, nil, fmt.Errorf("%s: %w", c.Name(), err)
		}
		all[len(all)-1].worker = held.PID
	}
	return all, stop, nil
}

// processor is the time that all processes of a subject have used.
func (s subject) processor() (time.Duration, error) {
	sum, err := processor(s.worker)
	if err == nil && s.PID() != s.worker {
		var master time.Duration
		master, err = processor(s.PID())
		sum += master
	}
	return sum, err
}
