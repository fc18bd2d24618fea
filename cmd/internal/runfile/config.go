package runfile

import (
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/cmd/internal/keys"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/probe"
	"github.com/seed-3d078585/overseer/trust"
)

// Config makes what overseer.Run takes, and checks it as Run would. Nothing is
// bound and nothing fetched.
func (s Settings) Config() (overseer.Config, error) {
	if len(s.Program) == 0 {
		return overseer.Config{}, errors.New("program: none is given; it stands behind the flags: overseer run --listen :8080 -- PROGRAM [ARGUMENT…]")
	}
	c := overseer.Config{
		Required: true,
		Command: &overseer.Command{
			Args: s.Program, Env: s.Env, Dir: s.Dir, Home: s.Home,
			NonBlocking: s.NonBlocking, CaptureStderr: s.CaptureStderr,
			Ready: s.Ready.By, ReadyAfter: s.Ready.After,
			DrainSignal: s.DrainBy.Signal, StandbySignal: s.StandbyBy.Signal, ResumeSignal: s.ResumeBy.Signal,
			PrivateProbe: s.PrivateProbe, Check: s.Check, NoRehearsal: s.NoRehearsal,
		},
		RestartSignal:    s.RestartBy.Signal,
		TerminateTimeout: s.Terminate.Time,
		ReadyTimeout:     s.ReadyTimeout.Time,
		ProbeInterval:    s.ProbeInterval.Time,
		Probation:        s.Probation.Time,
		Sequential:       s.Sequential,
		KeepAlive:        s.KeepAlive.Alive,
		ExecFile:         s.ExecFile,
		StateDir:         s.StateDir,
		PIDFile:          s.PIDFile,
		Debug:            s.Debug,
	}
	if s.Probation.Set && s.Probation.Time == 0 {
		c.Probation = -1 // none
	}
	if s.User != "" {
		c.Credential = &overseer.Credential{User: s.User, Group: s.Group}
	} else if s.Group != "" {
		return overseer.Config{}, errors.New("group: it goes with user")
	}
	s.listen(&c)
	switch s.Probe.What {
	case "":
	case "tcp":
		c.Probe = probe.TCP()
	default:
		c.Probe = probe.HTTP(s.Probe.What)
	}
	if err := s.source(&c); err != nil {
		return overseer.Config{}, err
	}
	if err := c.Check(); err != nil {
		return overseer.Config{}, rename(err)
	}
	return c, nil
}

func (s Settings) listen(c *overseer.Config) {
	for i, l := range s.Listen {
		c.Addresses = append(c.Addresses, l.Address)
		if l.Name == "" {
			l.Name = fmt.Sprintf("socket%d", i)
		}
		c.Command.Names = append(c.Command.Names, l.Name)
	}
}

// source adds where releases come from, and who is trusted to make them.
func (s Settings) source(c *overseer.Config) error {
	switch {
	case s.Fetch != "" && s.FetchFile != "":
		return errors.New("fetch and fetch-file are both set: use one")
	case s.Fetch == "" && s.FetchFile == "":
		if len(s.Key) > 0 || s.Product != "" || s.Channel != "" || s.Insecure {
			return errors.New("fetch: it is empty, and key, product, channel or insecure say who may make releases; set fetch, or leave these out")
		}
		return nil
	case s.FetchFile != "":
		if len(s.Key) > 0 {
			return errors.New("key: a file of fetch-file carries no signature; use fetch with a manifest, or leave key out")
		}
		c.Fetcher = &fetcher.File{Path: s.FetchFile, Interval: s.FetchInterval.Time}
		c.Trust = trust.Insecure() // whoever may write the file could as well replace the program
		return nil
	}
	if u, err := url.Parse(s.Fetch); err != nil || !slices.Contains([]string{"https", "http", "file", ""}, u.Scheme) {
		return fmt.Errorf("fetch: %q is no address of a manifest: want a form such as https://releases.example.com/stable.json", s.Fetch)
	}
	c.Fetcher = &fetcher.Manifest{URL: s.Fetch, Interval: s.FetchInterval.Time}
	return s.trust(c)
}

func (s Settings) trust(c *overseer.Config) error {
	if s.Insecure {
		if len(s.Key) > 0 {
			return errors.New("insecure and key are both set: use one")
		}
		c.Trust = trust.Insecure()
		return nil
	}
	if len(s.Key) == 0 {
		return errors.New("key: none is given; it is the public key that your releases are signed with (overseer release keygen makes one). To run what anybody sends who answers for the address, set insecure")
	}
	if s.Product == "" {
		return errors.New("product: it is empty; it is the name that the release directory was made with (overseer release init --product)")
	}
	channel := s.Channel
	if channel == "" {
		channel = "stable"
	}
	var lines []string
	for _, given := range s.Key {
		public, err := keys.ReadPublic(given)
		if err != nil {
			return fmt.Errorf("key: %w", err)
		}
		lines = append(lines, public.String())
	}
	c.Trust = trust.Minisign(lines...).For(s.Product, channel)
	return nil
}
