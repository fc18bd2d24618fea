package publish

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
	"github.com/seed-3d078585/overseer/cmd/internal/period"
	"github.com/seed-3d078585/overseer/release"
)

// Settings are what a release directory is about. They are no secret and are
// not served.
type Settings struct {
	Product string `json:"product"`
	Channel string `json:"channel"` // where a command names none

	Expires period.Period `json:"expires"` // of a manifest, from its issue
	Deltas  int           `json:"deltas"`  // per program

	// Keys are those that hosts were built with, in one line each, and
	// Threshold is how many of them must have signed. Without a key list they
	// are what a release is signed and checked with.
	Keys      []string `json:"keys,omitempty"`
	Threshold int      `json:"threshold"`

	// Roots are the root keys of the key list, where there is one, and
	// RootThreshold is how many of them must have signed it.
	Roots         []string `json:"roots,omitempty"`
	RootThreshold int      `json:"root_threshold,omitempty"`
}

// Defaults of [Settings].
const (
	DefaultChannel = "stable"
	DefaultExpires = period.Period(90 * 24 * time.Hour)
	DefaultDeltas  = 3
)

const maxSettings = 64 << 10

func (d *Directory) settings() (Settings, error) {
	data, err := d.disk.read(settingsName, maxSettings)
	if err != nil {
		return Settings{}, err
	}
	var s Settings
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields() // a slip by hand must not pass for a default
	if err := dec.Decode(&s); err != nil {
		return Settings{}, fmt.Errorf("read %q: %w", d.disk.path(settingsName), err)
	}
	return s, s.check()
}

func (d *Directory) writeSettings(s Settings) error {
	if err := s.check(); err != nil {
		return err
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return d.disk.write(settingsName, append(data, '\n'))
}

func (s Settings) check() error {
	if err := checkNames(s.Product, s.Channel); err != nil {
		return err
	}
	switch {
	case s.Expires <= 0:
		return fmt.Errorf("settings: expires %v: want a time after the issue", s.Expires)
	case s.Deltas < 0 || s.Deltas > maxDeltas:
		return fmt.Errorf("settings: %d deltas: want 0 to %d", s.Deltas, maxDeltas)
	case s.Threshold < 1 || len(s.Keys) > 0 && s.Threshold > len(s.Keys):
		return fmt.Errorf("settings: threshold %d of %d keys: want 1 to all", s.Threshold, len(s.Keys))
	case len(s.Roots) > 0 && (s.RootThreshold < 1 || s.RootThreshold > len(s.Roots)):
		return fmt.Errorf("settings: threshold %d of %d root keys: want 1 to all", s.RootThreshold, len(s.Roots))
	}
	for _, k := range append(s.Keys[:len(s.Keys):len(s.Keys)], s.Roots...) {
		if _, err := keys.ParsePublic(k); err != nil {
			return fmt.Errorf("settings: %w", err)
		}
	}
	return nil
}

// checkNames has package release judge a product and a channel.
func checkNames(product, channel string) error {
	if channel == keysChannel {
		return fmt.Errorf("channel %q: its manifest would be the key list: take another name", channel)
	}
	if err := checkName(product, DefaultChannel); err != nil {
		return err
	}
	return checkName(DefaultChannel, channel)
}

func checkName(product, channel string) error {
	sample := release.Manifest{
		Product: product, Channel: channel, Seq: 1, Version: "1.0.0",
		Issued: time.Unix(1, 0), Expires: time.Unix(2, 0),
		Artifacts: map[string]release.Artifact{"linux/amd64": {Size: 1, Digest: release.Digest{1}, URLs: []string{"a"}}},
	}
	return sample.Check()
}
