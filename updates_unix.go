//go:build unix

package overseer

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/isolate"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/internal/update"
	"github.com/seed-3d078585/overseer/trust"
)

// nobody is the user that a fetch process becomes where the master is root: the
// one that the kernel shows for users it does not know, see user_namespaces(7).
const nobody = 65534

// updater returns the source's runner and the store it fills, or nothing where
// there is no source, or where upgrading cannot work here.
func (s settled) updater() (*update.Updater, *store.Store) {
	log := newLogger(s.Config)
	trees := s.command != nil && s.command.Home != ""
	if s.Fetcher == nil && !trees {
		return nil, nil
	}
	options := []store.Option{store.WithWarn(func(err error) { log.Warn("upgrade records", "error", err) })}
	if s.as != nil && os.Geteuid() == 0 {
		options = append(options, store.WithOthers())
	}
	var bytes *store.Store
	var err error
	if trees {
		bytes, err = store.OpenTrees(store.Trees{Home: s.command.Home, Program: filepath.ToSlash(s.command.inTree), Read: !slices.Contains(s.command.release, 0)}, s.StateDir, options...)
	} else {
		bytes, err = store.Open(s.binary, s.StateDir, options...)
	}
	if err != nil {
		log.Error("upgrades are off", "error", err)
		return nil, nil
	}
	if s.Fetcher == nil {
		return nil, bytes
	}
	if trees {
		takeTrees(s.Fetcher)
	}
	policy := s.policy()
	if trust.IsInsecure(policy) && !isSuccessor && remote(s.Fetcher) {
		log.Warn("releases are not verified: whoever answers for the source decides what runs here; set Config.Trust")
	}
	u := &update.Updater{
		Source:        s.Fetcher,
		Policy:        policy,
		Store:         bytes,
		Interval:      s.MinFetchInterval,
		Preflight:     update.Preflight(s.binary, s.as, s.ReadyTimeout),
		PreUpgrade:    s.PreUpgrade,
		QuarantineFor: s.Quarantine,
	}
	if s.isolated() {
		s.isolate(u, log)
	}
	return u, bytes
}

func (s settled) policy() trust.Policy {
	if s.Trust == nil {
		return trust.Insecure()
	}
	return s.Trust
}

// isolate has the source and the policy of an updater run in a fetch process.
func (s settled) isolate(u *update.Updater, log *slog.Logger) {
	if err := isolate.CanStart(); err != nil && s.IsolateFetch != IsolateAlways {
		log.Warn("releases are fetched in the master, as no other process can be started for it", "error", err)
		return
	}
	user := 0
	if os.Geteuid() == 0 {
		user = nobody
	}
	var recheck trust.Policy
	if signed, ok := u.Policy.(*trust.Signed); ok {
		recheck = signed
	}
	apart := isolate.NewSource(isolate.Config{
		Start:   isolate.Start,
		Store:   u.Store,
		User:    user,
		Recheck: recheck,
		Ready:   s.ReadyTimeout,
		Log:     log,
	})
	u.Source, u.Policy, u.End = apart, apart.Policy(u.Policy.Name()), apart.Close
}

// runFetchProcess is the whole of a fetch process.
func (s settled) runFetchProcess() {
	if s.Fetcher == nil {
		refuse(errors.New("there is nothing to fetch: Config.Fetcher is empty, and was not in the master"))
	}
	if err := isolate.Serve(inherited.Inherited, s.Fetcher, s.policy()); err != nil {
		refuse(err)
	}
	os.Exit(0)
}

// takeTrees tells a source of package fetcher that its releases are trees.
func takeTrees(f fetcher.Interface) {
	switch f := f.(type) {
	case *fetcher.HTTP:
		f.Tree = true
	case *fetcher.File:
		f.Tree = true
	case *fetcher.Github:
		f.Tree = true
	}
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
