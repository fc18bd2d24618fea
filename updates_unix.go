//go:build unix

package overseer

import (
	"os"
	"strings"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/internal/update"
	"github.com/seed-3d078585/overseer/trust"
)

// updater returns the source's runner and the store it fills, or nothing where
// there is no source, or where upgrading cannot work here.
func (s settled) updater() (*update.Updater, *store.Store) {
	log := newLogger(s.Config)
	if s.Fetcher == nil {
		return nil, nil
	}
	options := []store.Option{store.WithWarn(func(err error) { log.Warn("upgrade records", "error", err) })}
	if s.as != nil && os.Geteuid() == 0 {
		options = append(options, store.WithOthers())
	}
	bytes, err := store.Open(s.binary, s.StateDir, options...)
	if err != nil {
		log.Error("upgrades are off", "error", err)
		return nil, nil
	}
	policy := s.Trust
	if policy == nil {
		policy = trust.Insecure()
	}
	if trust.IsInsecure(policy) && !isSuccessor && remote(s.Fetcher) {
		log.Warn("releases are not verified: whoever answers for the source decides what runs here; set Config.Trust")
	}
	return &update.Updater{
		Source:        s.Fetcher,
		Policy:        policy,
		Store:         bytes,
		Interval:      s.MinFetchInterval,
		Preflight:     update.Preflight(s.binary, s.as, s.ReadyTimeout),
		PreUpgrade:    s.PreUpgrade,
		QuarantineFor: s.Quarantine,
	}, bytes
}

// remote reports whether a source brings bytes from another host. A file, a
// function and a fetcher of the user's own are the user's own affair.
func remote(f fetcher.Interface) bool {
	switch f := f.(type) {
	case *fetcher.HTTP, *fetcher.Github:
		return true
	case *fetcher.Manifest:
		return f.Place != nil || strings.HasPrefix(f.URL, "http")
	}
	return false
}
