package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"syscall"

	"github.com/seed-3d078585/overseer/admin"
)

// A service is a master with its program.
type service struct {
	*child
	address    string // of the program
	client     *admin.Client
	socket     string
	generation int
}

func startService(ctx context.Context, as role, env ...string) (*service, error) {
	c, err := start(ctx, as, env...)
	if err != nil {
		return nil, err
	}
	s := &service{child: c, generation: 1}
	if err := s.begin(); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *service) begin() error {
	line, err := s.await(sayAddress)
	if err != nil {
		return err
	}
	_, s.address, _ = strings.Cut(line, sayAddress)
	s.address = strings.Trim(s.address, `"`)
	if s.as == full {
		const says = `msg="the master can be reached" socket=`
		if line, err = s.await(says); err != nil {
			return err
		}
		_, s.socket, _ = strings.Cut(line, says)
		s.client = admin.Dial(s.socket)
	}
	_, err = s.await("msg=live generation=1 ")
	return err
}

// restart returns when the old generation has ended.
func (s *service) restart() error {
	if err := s.cmd.Process.Signal(syscall.SIGUSR2); err != nil {
		return err
	}
	if _, err := s.await(fmt.Sprintf("msg=live generation=%d ", s.generation+1)); err != nil {
		return err
	}
	_, err := s.await(fmt.Sprintf("msg=gone generation=%d ", s.generation))
	s.generation++
	return err
}

// worker is what the live worker says of itself, on a connection of its own.
func (s *service) worker(ctx context.Context) (w self, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/self", nil)
	if err != nil {
		return w, err
	}
	r.Close = true
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		return w, err
	}
	defer answer.Body.Close()
	return w, json.NewDecoder(answer.Body).Decode(&w)
}

// ask asks for so many statuses, one after the other.
func (s *service) ask(ctx context.Context, times int) error {
	for range times {
		if _, err := s.client.Status(ctx); err != nil {
			return err
		}
	}
	return nil
}
