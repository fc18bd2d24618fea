package fetcher

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// HTTP offers the program at a URL. Requests are conditional (If-None-Match,
// If-Modified-Since), so that bytes that were taken are not sent again; a
// download that breaks off or stalls goes on with Range and If-Range where the
// server gives a strong ETag or an older Last-Modified.
//
// A URL that ends in .gz, .zst or .xz is unpacked, and so are the
// Content-Encodings gzip and zstd. One that ends in .tar, .tar.gz, .tgz, .tar.zst,
// .tar.xz, .txz or .zip is an archive, such as goreleaser makes, of which one
// file is the program: see Path. Redirects are followed, at most 10, never from https to http.
// Proxies are taken from the environment.
//
// An uncompressed answer must say where it ends (Content-Length, chunks or
// HTTP/2): else a program that was cut could not be told from a whole one.
//
// Call its methods from one goroutine at a time, and change no field after
// Init.
type HTTP struct {
	// URL to look at: http or https.
	URL string

	// Interval between two looks. Defaults to 5 minutes.
	Interval time.Duration

	// CheckHeaders are compared with HEAD where the server has no ETag and
	// no Last-Modified for conditional requests, or where other names than
	// the default ones are given here: as long as all that are present are
	// equal, there is no update. A server that states nothing but a length
	// is believed to have the same bytes while the length is the same.
	// Defaults to ETag, If-Modified-Since, Last-Modified, Content-Length.
	CheckHeaders []string

	// Client sends the requests. Its CheckRedirect is asked after the rules
	// above, its Timeout counts against the whole download. Defaults to one
	// with bounds for dialling, TLS and the beginning of the answer.
	Client *http.Client

	// Header is sent with each request, but not to other hosts that the
	// server redirects to.
	Header http.Header

	// StallTimeout is for how long a download may stand still before it is
	// broken off and resumed. There is no limit to the whole. Defaults to
	// 30 seconds.
	StallTimeout time.Duration

	// MaxSize of the program, packed and unpacked, and of all that is in an
	// archive; a larger one is [ErrTooLarge]. Defaults to 1 GiB.
	MaxSize int64

	// Path of the program in an archive, with slashes. Defaults to the only
	// executable file in it, or the only file.
	Path string

	// Tree is for directory releases, of programs in any language: all of the
	// archive is the release, and no file is taken out of it. It is handed
	// over as a tar or a zip, with the compression undone.
	Tree bool

	host  Host
	pace  pace
	taken *validator // of the bytes that the consumer has
}

var defaultCheckHeaders = []string{"ETag", "If-Modified-Since", "Last-Modified", "Content-Length"}

// Init checks the fields; it sends nothing.
func (h *HTTP) Init() error {
	if err := checkURL("fetcher.HTTP.URL", h.URL); err != nil {
		return err
	}
	if h.Path != "" && h.Tree {
		return errTreePath("fetcher.HTTP")
	}
	if h.Path != "" && h.wrapping().archive == "" {
		return fmt.Errorf("fetcher.HTTP.Path is %q, but the URL does not end as that of an archive does (.tar.gz, .zip …)", h.Path)
	}
	if err := checkPath("fetcher.HTTP.Path", h.Path); err != nil {
		return err
	}
	return checkFields("fetcher.HTTP", h.Interval, h.StallTimeout, h.MaxSize)
}

// SetHost says where archives are kept while they are unpacked.
func (h *HTTP) SetHost(host Host) { h.host = host }

// Fetch is FetchContext without an end: each step is bounded, the whole is not.
func (h *HTTP) Fetch() (io.Reader, error) { return h.FetchContext(context.Background()) }

// FetchContext waits for its Interval and asks the server. Errors that can be
// matched: *[StatusError], *[RetryAfterError], [ErrTooLarge], and from Read
// also [ErrChanged] and [ErrArchive].
func (h *HTTP) FetchContext(ctx context.Context) (io.Reader, error) {
	if err := checkURL("fetcher.HTTP.URL", h.URL); err != nil {
		return nil, err
	}
	if err := h.pace.wait(ctx, orDefault(h.Interval, 5*time.Minute)); err != nil {
		return nil, err
	}
	if IsAtOnce(ctx) {
		h.taken = nil
	}
	as := unpacking{
		wrapping: h.wrapping(), path: h.Path, scratch: h.host.Scratch,
		max: orDefault(h.MaxSize, defaultMaxSize), window: maxWindow,
	}
	w := h.wire()
	header := http.Header{"Accept-Encoding": {accept(as.wrapping)}}
	if same, err := h.compare(ctx, w, header); same || err != nil {
		return nil, err
	}
	a, err := w.do(ctx, http.MethodGet, h.URL, h.conditional(header))
	if err != nil {
		return nil, err
	}
	if h.nothingNew(a) {
		a.Close()
		return nil, nil
	}
	now := validatorOf(a.Header)
	return w.offer(ctx, a, wanted{
		url: h.URL, header: header, as: as,
		remember: func() { h.taken = &now },
	})
}

// wrapping goes by the end of the path, or of the whole where a query names the
// file.
func (h *HTTP) wrapping() wrapping {
	as := wrappingOf(h.URL)
	if u, err := url.Parse(h.URL); err == nil && as.isZero() {
		as = wrappingOf(u.Path)
	}
	if h.Tree {
		return as.tree()
	}
	return as
}

func (h *HTTP) wire() wire {
	return wire{
		client: h.Client, header: h.Header,
		stall: orDefault(h.StallTimeout, defaultStall),
		max:   orDefault(h.MaxSize, defaultMaxSize),
	}
}

// conditional adds the conditions of what was taken to a copy of header.
func (h *HTTP) conditional(header http.Header) http.Header {
	all := header.Clone()
	if h.taken != nil && !h.named() {
		for name, values := range h.taken.conditions() {
			all[name] = values
		}
	}
	return all
}

// nothingNew reports whether an answer to a GET is of the bytes that were
// taken: also from a server that ignores conditions.
func (h *HTTP) nothingNew(a *answer) bool {
	byHeaders := h.taken != nil && (h.named() || !h.taken.offered())
	switch {
	case h.taken == nil:
		return false
	case a.StatusCode == http.StatusNotModified:
		return !byHeaders
	case a.StatusCode != http.StatusOK:
		return false
	case byHeaders:
		return h.taken.sameHeaders(a.Header, h.names())
	}
	return h.taken.same(a.Header)
}

// compare asks with HEAD whether there is something new, where a conditional
// GET could not tell.
func (h *HTTP) compare(ctx context.Context, w wire, header http.Header) (same bool, err error) {
	if h.taken == nil || (h.taken.offered() && !h.named()) {
		return false, nil
	}
	a, err := w.do(ctx, http.MethodHead, h.URL, header)
	if err != nil {
		return false, err
	}
	defer a.Close()
	return a.StatusCode == http.StatusOK && h.taken.sameHeaders(a.Header, h.names()), nil
}

func (h *HTTP) names() []string {
	if len(h.CheckHeaders) == 0 {
		return defaultCheckHeaders
	}
	return h.CheckHeaders
}

// named reports whether CheckHeaders asks for more than the default, so that
// its headers decide and not the server's validators.
func (h *HTTP) named() bool {
	return slices.ContainsFunc(h.CheckHeaders, func(name string) bool {
		return !slices.Contains(defaultCheckHeaders, http.CanonicalHeaderKey(name)) && http.CanonicalHeaderKey(name) != "Etag"
	})
}
