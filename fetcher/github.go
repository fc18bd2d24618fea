package fetcher

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// Github offers an asset of a repository's latest release (no draft, no
// prerelease). The question to the API is conditional; the asset is downloaded
// as [HTTP] does it, and unpacked as there by the end of its name. Where the API
// states the asset's SHA-256 and it is not packed, the candidate has it.
//
// An exhausted rate limit is a *[RetryAfterError]. Without a Token GitHub
// allows an address 60 questions an hour.
//
// Call its methods from one goroutine at a time, and change no field after
// Init.
type Github struct {
	// User (or organisation) and Repo name the repository.
	User, Repo string

	// Interval between two looks. Defaults to 5 minutes.
	Interval time.Duration

	// Asset chooses by file name; the first asset that it accepts is taken.
	// By default a name must contain GOOS and GOARCH, and not be that of a
	// package, a checksum or a signature; an archive is the second choice.
	Asset func(filename string) bool

	// API is the base URL of the API, for GitHub Enterprise
	// ("https://HOST/api/v3"). Defaults to https://api.github.com.
	API string

	// Token is sent to the API's host only. It is needed for a private
	// repository and raises the rate limit. Optional.
	Token string

	// Client, StallTimeout, MaxSize, Path and Tree are as in [HTTP]. With
	// Tree, Asset accepts by default what is an archive only.
	Client       *http.Client
	StallTimeout time.Duration
	MaxSize      int64
	Path         string
	Tree         bool

	// Manifest is the name of an asset that is a signed manifest, such as
	// stable.json. The source is as [Manifest] then: signatures, programs and
	// deltas are assets of the same release, by the last part of their names,
	// and Asset and Path are not used. Platform and NoDelta are as there.
	Manifest string
	Platform string
	NoDelta  bool

	host    Host
	pace    pace
	etag    string // of the API's answer in which taken was the newest
	taken   asset  // what the consumer has
	channel *channel
}

// maxAnswer bounds the API's answer: about 2 kB for each of 1,000 assets.
const maxAnswer = 8 << 20

// Init checks the fields; it sends nothing.
func (g *Github) Init() error {
	if g.User == "" || g.Repo == "" {
		return fmt.Errorf("fetcher.Github needs User and Repo, it has %q and %q", g.User, g.Repo)
	}
	if err := checkURL("fetcher.Github.API", g.api()); err != nil {
		return err
	}
	if err := checkPath("fetcher.Github.Path", g.Path); err != nil {
		return err
	}
	if g.Path != "" && g.Tree {
		return errTreePath("fetcher.Github")
	}
	if strings.ContainsAny(g.Manifest, "/\\") || g.Manifest == "." || g.Manifest == ".." {
		return fmt.Errorf("fetcher.Github.Manifest is %q: it must be the name of an asset, such as stable.json", g.Manifest)
	}
	return checkFields("fetcher.Github", g.Interval, g.StallTimeout, g.MaxSize)
}

// SetHost is as that of [Manifest].
func (g *Github) SetHost(h Host) { g.host = h }

// Fetch is FetchContext without an end: each step is bounded, the whole is not.
func (g *Github) Fetch() (io.Reader, error) { return g.FetchContext(context.Background()) }

// FetchContext waits for its Interval and asks the API. Errors that can be
// matched are those of [HTTP], and of [Manifest] where there is one.
func (g *Github) FetchContext(ctx context.Context) (io.Reader, error) {
	if g.Manifest != "" {
		return g.follow().paced(ctx, &g.pace, g.Interval)
	}
	if err := g.pace.wait(ctx, orDefault(g.Interval, 5*time.Minute)); err != nil {
		return nil, err
	}
	if IsAtOnce(ctx) {
		g.taken, g.etag = asset{}, ""
	}
	w := g.wire()
	latest, etag, err := g.latest(ctx, w, g.etag)
	if err != nil || latest == nil {
		return nil, err
	}
	chosen, err := latest.choose(g.Asset, g.Tree)
	if err != nil {
		return nil, fmt.Errorf("fetch from github.com/%s/%s: %w", g.User, g.Repo, err)
	}
	if chosen == g.taken {
		g.etag = etag // it changes with each download count
		return nil, nil
	}
	return g.download(ctx, w, chosen, etag)
}

func (g *Github) wire() wire {
	w := wire{
		client: g.Client, header: http.Header{},
		stall: orDefault(g.StallTimeout, defaultStall),
		max:   orDefault(g.MaxSize, defaultMaxSize),
	}
	if g.Token != "" {
		w.header.Set("Authorization", "Bearer "+g.Token)
	}
	return w
}

func (g *Github) api() string {
	if g.API == "" {
		return "https://api.github.com"
	}
	return strings.TrimRight(g.API, "/")
}

// latest asks for the newest release; nil where the API's answer still is the one
// of known.
func (g *Github) latest(ctx context.Context, w wire, known string) (latest *published, etag string, err error) {
	ask := fmt.Sprintf("%s/repos/%s/%s/releases/latest", g.api(), url.PathEscape(g.User), url.PathEscape(g.Repo))
	header := http.Header{"Accept": {"application/vnd.github+json"}}
	if known != "" {
		header.Set("If-None-Match", known)
	}
	a, err := w.do(ctx, http.MethodGet, ask, header)
	if err != nil {
		return nil, "", err
	}
	defer a.Close()
	switch {
	case a.StatusCode == http.StatusNotModified && known != "":
		return nil, "", nil
	case a.StatusCode != http.StatusOK:
		return nil, "", rateLimit(a, a.refusal())
	}
	latest = &published{}
	if err := json.NewDecoder(&bounded{a, maxAnswer, errors.New("it is larger than 8 MiB")}).Decode(latest); err != nil {
		return nil, "", fmt.Errorf("fetch %q: read the API's answer: %w", a.source, err)
	}
	return latest, a.Header.Get("ETag"), nil
}

// address is where an asset is had.
func (g *Github) address(w wire, a asset) (string, error) {
	from := a.Download
	if g.Token != "" {
		from = a.API // the only address that serves private assets
	}
	if err := w.mayAsk(g.api(), from); err != nil {
		return "", fmt.Errorf("fetch asset %q: %w", a.Name, err)
	}
	return from, nil
}

func (g *Github) wrapping(a asset) wrapping {
	as := wrappingOf(a.Name)
	if g.Tree {
		return as.tree()
	}
	return as
}

func (g *Github) download(ctx context.Context, w wire, chosen asset, etag string) (io.Reader, error) {
	as := unpacking{
		wrapping: g.wrapping(chosen), path: g.Path, scratch: g.host.Scratch, max: w.max, window: maxWindow,
	}
	header := http.Header{"Accept-Encoding": {accept(as.wrapping)}, "Accept": {"application/octet-stream"}}
	from, err := g.address(w, chosen)
	if err != nil {
		return nil, err
	}
	a, err := w.do(ctx, http.MethodGet, from, header)
	if err != nil {
		return nil, err
	}
	r, err := w.offer(ctx, a, wanted{
		url: from, header: header, as: as,
		about:    release.Candidate{Size: chosen.Size, Digest: chosen.digest()},
		remember: func() { g.taken, g.etag = chosen, etag },
	})
	return r, rateLimit(a, err)
}
