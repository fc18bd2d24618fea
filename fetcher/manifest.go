package fetcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// Manifest offers the program that a channel's signed manifest names for this
// platform: [release.Manifest] is its form, docs/sources.md says how such a
// directory is laid out and put on a server.
//
// Each look brings the manifest, the key list and the signatures; they are the
// candidate's Statement, for a trust policy. Nothing that the manifest says is
// followed before the first Read, so a policy has vouched for it by then. A
// manifest that is not taken is offered again at each look, as a staged rollout
// may reach this host later.
//
// The program comes by a delta from what is installed (see [Host]) where there
// is one, and whole otherwise; by each of the URLs that the manifest has, also
// in the middle. What is read is the program with the length and the digest of
// the manifest, or it ends with an error: [ErrAgain] where the next fetch has
// another way to go.
//
// Call its methods from one goroutine at a time, and change no field after
// Init.
type Manifest struct {
	// URL of the channel's manifest: "https://host/app/stable.json",
	// "file:///srv/releases/stable.json" or an absolute path. A query is sent
	// with each file beside it.
	URL string

	// Place and Name are instead of URL, for a place of another module:
	// "stable.json" in a bucket.
	Place Place
	Name  string

	// Flat is for a place without folders, such as the package registry of a
	// forge: what lies in a folder beside the manifest is looked for by the
	// last part of its name.
	Flat bool

	// Platform is GOOS/GOARCH. Defaults to that of this process.
	Platform string

	// Interval between two looks. Defaults to 5 minutes.
	Interval time.Duration

	// Client, StallTimeout and MaxSize are as in [HTTP]. A certificate
	// authority of one's own goes into Client: see the example.
	Client       *http.Client
	StallTimeout time.Duration
	MaxSize      int64

	// Header is sent to the host of URL only: neither where that redirects
	// to, nor to other URLs in the manifest.
	Header http.Header

	// NoDelta always fetches the whole program.
	NoDelta bool

	host    Host
	pace    pace
	channel *channel
}

// SetHost tells what is installed here and where there is room.
func (m *Manifest) SetHost(h Host) { m.host = h }

// Init checks the fields; it looks at nothing.
func (m *Manifest) Init() error {
	_, err := m.follow()
	return err
}

// Fetch is FetchContext without an end: each step is bounded, the whole is not.
func (m *Manifest) Fetch() (io.Reader, error) { return m.FetchContext(context.Background()) }

// FetchContext waits for its Interval and looks at the channel. Errors that can
// be matched: those of [HTTP] and [fs.ErrNotExist]; from Read those, [ErrAgain],
// [ErrDamaged] and [ErrArchive].
func (m *Manifest) FetchContext(ctx context.Context) (io.Reader, error) {
	c, err := m.follow()
	if err != nil {
		return nil, err
	}
	return c.paced(ctx, &m.pace, m.Interval)
}

// paced is fetch at most each interval, unless a reader has asked for it.
func (c *channel) paced(ctx context.Context, p *pace, interval time.Duration) (io.Reader, error) {
	if c.avoid.hurried() {
		*p = pace{}
	}
	if err := p.wait(ctx, orDefault(interval, 5*time.Minute)); err != nil {
		return nil, err
	}
	return c.fetch(ctx)
}

// follow makes the channel of the fields, once.
func (m *Manifest) follow() (*channel, error) {
	if m.channel != nil {
		return m.channel, nil
	}
	if err := checkFields("fetcher.Manifest", m.Interval, m.StallTimeout, m.MaxSize); err != nil {
		return nil, err
	}
	place, name, err := m.locate()
	if err != nil {
		return nil, err
	}
	m.channel = &channel{
		place: place, name: name, flat: m.Flat, platform: m.Platform,
		abroad:  wire{client: m.Client, stall: orDefault(m.StallTimeout, defaultStall)},
		max:     orDefault(m.MaxSize, defaultMaxSize),
		noDelta: m.NoDelta, host: m.host,
	}
	if m.Platform == "" {
		m.channel.platform = release.Platform()
	}
	return m.channel, nil
}

var errOneOf = errors.New("fetcher.Manifest needs either URL, or Place and Name")

// locate finds the place and the manifest's name there.
func (m *Manifest) locate() (Place, string, error) {
	switch {
	case (m.URL == "") == (m.Place == nil) || (m.Place == nil) != (m.Name == ""):
		return nil, "", errOneOf
	case m.Place != nil:
		if !fs.ValidPath(m.Name) || m.Name == "." {
			return nil, "", fmt.Errorf("fetcher.Manifest.Name is %q: it must be a path in the place, with slashes, and none of its names is a dot or two", m.Name)
		}
		return m.Place, m.Name, checkPlace(m.Place)
	case filepath.IsAbs(m.URL):
		return inDir(m.URL)
	}
	u, err := url.Parse(m.URL)
	if err != nil {
		return nil, "", fmt.Errorf("fetcher.Manifest.URL cannot be read: %w", plain(err))
	}
	if u.Scheme == "file" {
		return fileURL(u)
	}
	if err := checkURL("fetcher.Manifest.URL", m.URL); err != nil {
		return nil, "", err
	}
	base, name, err := splitURL(u)
	if err != nil {
		return nil, "", err
	}
	return Web(base, WebOptions{Client: m.Client, Header: m.Header, StallTimeout: m.StallTimeout}), name, nil
}

// checkPlace asks a place of this package for what is wrong with it.
func checkPlace(p Place) error {
	if c, ok := p.(interface{ check() error }); ok {
		return c.check()
	}
	return nil
}

// fileURL reads a URL of scheme file.
func fileURL(u *url.URL) (Place, string, error) {
	path := u.Path
	if filepath.VolumeName(strings.TrimPrefix(path, "/")) != "" {
		path = strings.TrimPrefix(path, "/") // file:///C:/releases
	}
	if (u.Host != "" && u.Host != "localhost") || !filepath.IsAbs(filepath.FromSlash(path)) {
		return nil, "", fmt.Errorf("fetcher.Manifest.URL is %q: a file is named as file:///srv/releases/stable.json", u.Redacted())
	}
	return inDir(filepath.FromSlash(path))
}

func inDir(path string) (Place, string, error) {
	dir, name := filepath.Split(path)
	if name == "" || name == "." || name == ".." {
		return nil, "", fmt.Errorf("fetcher.Manifest.URL is %q: name the manifest in it, such as stable.json", path)
	}
	return Dir(filepath.Clean(dir)), name, nil
}

// splitURL cuts the manifest's name off.
func splitURL(u *url.URL) (base, name string, err error) {
	escaped := u.EscapedPath()
	cut := strings.LastIndexByte(escaped, '/') + 1
	name, err = url.PathUnescape(escaped[cut:])
	if err != nil || !fs.ValidPath(name) || name == "." || strings.Contains(name, "/") {
		return "", "", fmt.Errorf("fetcher.Manifest.URL is %q: it must end with the name of the manifest, such as stable.json", sourceOf(u))
	}
	dir := *u
	dir.RawPath = escaped[:cut]
	if dir.Path, err = url.PathUnescape(dir.RawPath); err != nil {
		return "", "", fmt.Errorf("fetcher.Manifest.URL cannot be read: %w", err)
	}
	dir.Fragment, dir.RawFragment = "", ""
	return dir.String(), name, nil
}
