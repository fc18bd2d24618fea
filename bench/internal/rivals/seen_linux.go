package rivals

import (
	"context"

	"github.com/seed-3d078585/overseer/bench/contestant"
)

// seen is the versions that have answered at a place so far.
type seen struct {
	place contestant.Place
	all   map[string]bool
}

// begin waits for the first answer, or the end of the service.
func (s *seen) begin(ctx context.Context, place contestant.Place, gone <-chan struct{}) error {
	s.place = place
	version, err := answers(ctx, place, gone)
	s.all = map[string]bool{version: true}
	return err
}

// next waits for a version that has not answered before.
func (s *seen) next(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	version, err := contestant.Changed(ctx, s.place.HTTP, s.all)
	if err == nil {
		s.all[version] = true
	}
	return err
}
