package fetcher

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"sync"

	"github.com/seed-3d078585/overseer/release"
)

// A githubPlace has the assets of the latest release. Which release is the latest is asked when the manifest is opened; the
// files that are opened after it are of the same release.
type githubPlace struct {
	github *Github
	wire   wire

	mu     sync.Mutex
	latest *published
	etag   string // of the API's answer that latest is
}

// follow makes the channel of the fields, once.
func (g *Github) follow() *channel {
	if g.channel == nil {
		w := g.wire()
		g.channel = &channel{
			place:    &githubPlace{github: g, wire: w},
			name:     g.Manifest,
			flat:     true,
			platform: g.Platform,
			abroad:   wire{client: w.client, stall: w.stall},
			max:      w.max,
			noDelta:  g.NoDelta, host: g.host,
		}
		if g.Platform == "" {
			g.channel.platform = release.Platform()
		}
	}
	return g.channel
}

func (p *githubPlace) String() string {
	return fmt.Sprintf("github.com/%s/%s", p.github.User, p.github.Repo)
}

func (p *githubPlace) Open(ctx context.Context, want Want) (*Found, error) {
	if want.Name == p.github.Manifest {
		if err := p.look(ctx); err != nil {
			return nil, err
		}
	}
	a, err := p.find(want.Name)
	if err != nil {
		return nil, err
	}
	version := fmt.Sprintf("%d %d %s", a.ID, a.Size, a.Updated)
	switch {
	case want.Unless == version:
		return nil, ErrNotModified
	case want.Offset > 0 && want.Version != "" && want.Version != version:
		return nil, fmt.Errorf("open asset %q at byte %d: %w", a.Name, want.Offset, ErrChanged)
	}
	from, err := p.github.address(p.wire, a)
	if err != nil {
		return nil, err
	}
	found, err := p.wire.openAsset(ctx, from, Want{Name: want.Name, Offset: want.Offset})
	if err != nil {
		return nil, err
	}
	found.Version = version
	return found, nil
}

// look asks which release is the latest.
func (p *githubPlace) look(ctx context.Context) error {
	p.mu.Lock()
	known := p.etag
	p.mu.Unlock()
	latest, etag, err := p.github.latest(ctx, p.wire, known)
	if err != nil || latest == nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.latest, p.etag = latest, etag
	return nil
}

func (p *githubPlace) find(name string) (asset, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.latest == nil {
		return asset{}, &fs.PathError{Op: "open asset", Path: name, Err: fs.ErrNotExist}
	}
	a, ok := p.latest.first(func(has string) bool { return has == name })
	if !ok {
		return asset{}, fmt.Errorf("release %.80q has no asset %q among %.400q: %w", p.latest.Tag, name, p.latest.names(), fs.ErrNotExist)
	}
	return a, nil
}

// openAsset is open for an address of the API, which gives the bytes of an asset
// only to who asks for them.
func (w wire) openAsset(ctx context.Context, target string, want Want) (*Found, error) {
	return w.open(ctx, target, http.Header{"Accept": {"application/octet-stream"}}, want)
}
