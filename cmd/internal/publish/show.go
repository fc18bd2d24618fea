package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

// Shown is what a place has for one channel. Nothing of it is checked: see
// [Verify].
type Shown struct {
	Name     string           `json:"name"`
	Manifest release.Manifest `json:"manifest"`
	Digest   release.Digest   `json:"sha256"`
	SignedBy []string         `json:"signed_by"` // the IDs that its signatures claim

	// Draft is the version that was added and is not published, where there is
	// one.
	Draft string `json:"draft,omitempty"`
}

// Show reads the manifest of a channel.
func Show(ctx context.Context, p fetcher.Place, channel string) (Shown, error) {
	v := &verifier{place: p}
	name := manifestName(channel)
	data, err := v.read(ctx, name, release.MaxManifest)
	if err != nil {
		return Shown{}, fmt.Errorf("show %s of %v: %w", name, p, err)
	}
	m, err := release.ParseManifest(data)
	if err != nil {
		return Shown{}, fmt.Errorf("show %s of %v: %w", name, p, err)
	}
	s := Shown{Name: name, Manifest: m, Digest: digestOf(data), SignedBy: []string{}}
	_, signatures, err := v.signatures(ctx, name, data)
	if err != nil {
		return s, nil // it says so by naming nobody
	}
	for _, one := range signatures {
		s.SignedBy = append(s.SignedBy, one.ID)
	}
	return s, nil
}

// ShowList reads the key list of a place. The error matches [fs.ErrNotExist]
// where there is none.
func ShowList(ctx context.Context, p fetcher.Place) (l release.KeyList, signedBy []string, err error) {
	v := &verifier{place: p}
	data, err := v.read(ctx, keysName, release.MaxKeys)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil, fmt.Errorf("%v has no key list: %w", p, err)
	}
	if err == nil {
		l, err = release.ParseKeyList(data)
	}
	if err != nil {
		return l, nil, fmt.Errorf("show the key list of %v: %w", p, err)
	}
	_, signatures, err := v.signatures(ctx, keysName, data)
	if err != nil {
		return l, []string{}, nil
	}
	for _, one := range signatures {
		signedBy = append(signedBy, one.ID)
	}
	return l, signedBy, nil
}

// About is what a release directory is about, for a reader of the same machine.
type About struct {
	Settings
	Channels []string          `json:"channels"`
	Drafts   map[string]string `json:"drafts,omitempty"` // channel to version
}

// About reads settings, channels and drafts. It checks that the directory fits
// together, and does not lock it.
//
// Errors that can be matched: [ErrState].
func (d *Directory) About() (About, error) {
	s, err := d.load()
	for range 3 { // a publisher at work may change files between two that are read
		if err == nil {
			break
		}
		s, err = d.load()
	}
	if err != nil {
		return About{}, err
	}
	a := About{Settings: s.Settings, Channels: s.channels(), Drafts: map[string]string{}}
	for _, channel := range d.drafts() {
		if dr, err := d.readDraft(channel); err == nil && dr != nil {
			a.Drafts[channel] = dr.Version
		}
	}
	return a, nil
}

// drafts are the channels that have one.
func (d *Directory) drafts() (channels []string) {
	entries, err := fs.ReadDir(dirFS(d.disk), drafts)
	if err != nil {
		return nil // none was ever added
	}
	for _, e := range entries {
		channels = append(channels, e.Name())
	}
	return channels
}
