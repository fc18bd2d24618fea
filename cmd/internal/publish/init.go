package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
	"github.com/seed-3d078585/overseer/cmd/internal/period"
)

// InitOptions are the settings to begin with, or to change. What is zero (nil
// for Deltas) has its default, or stays as it is.
type InitOptions struct {
	Product   string
	Channel   string
	Expires   period.Period
	Deltas    *int
	Keys      []keys.Public
	Threshold int
}

// Init begins a release directory, or changes the settings of one that is there.
// A product never changes.
func Init(ctx context.Context, path string, o InitOptions, with Options) (Settings, error) {
	d := newDirectory(path, with)
	unlock, err := d.lock(ctx)
	if err != nil {
		return Settings{}, err
	}
	defer unlock()
	s, err := d.settings()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if o.Product == "" {
			return Settings{}, fmt.Errorf("init %q: name the product", path)
		}
		s = Settings{Product: o.Product, Channel: DefaultChannel, Expires: DefaultExpires, Deltas: DefaultDeltas, Threshold: 1}
	case err != nil:
		return Settings{}, fmt.Errorf("init %q: %w", path, err)
	case o.Product != "" && o.Product != s.Product:
		return Settings{}, fmt.Errorf("init %q: it is the directory of product %q: begin another one for %q", path, s.Product, o.Product)
	}
	s.take(o)
	if err := d.writeSettings(s); err != nil {
		return Settings{}, fmt.Errorf("init %q: %w", path, err)
	}
	return s, nil
}

func (s *Settings) take(o InitOptions) {
	if o.Channel != "" {
		s.Channel = o.Channel
	}
	if o.Expires != 0 {
		s.Expires = o.Expires
	}
	if o.Deltas != nil {
		s.Deltas = *o.Deltas
	}
	if o.Threshold != 0 {
		s.Threshold = o.Threshold
	}
	for _, k := range o.Keys {
		if !slices.Contains(s.Keys, k.String()) {
			s.Keys = append(s.Keys, k.String())
		}
	}
}
