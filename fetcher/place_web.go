package fetcher

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
)

// Web is the [Place] of the files below a URL. Header, Client and StallTimeout
// are as in [HTTP], so redirects, proxies and stalls are dealt with in the same
// way. A query of the URL is sent with each file: a token may be there.
//
// What is wrong with the URL is what Open returns.
//
// Errors of Open that can be matched: [fs.ErrNotExist] (404 and 410),
// [ErrNotModified], [ErrChanged], *[StatusError], *[RetryAfterError].
func Web(base string, o WebOptions) Place {
	p := &webPlace{wire: wire{client: o.Client, header: o.Header, stall: orDefault(o.StallTimeout, defaultStall)}}
	if p.err = checkURL("fetcher.Web", base); p.err == nil {
		p.base, p.err = url.Parse(base)
	}
	return p
}

// WebOptions are those of [Web]. Each may be zero.
type WebOptions struct {
	Client       *http.Client
	Header       http.Header
	StallTimeout time.Duration
}

type webPlace struct {
	wire wire
	base *url.URL
	err  error
}

func (p *webPlace) check() error { return p.err }

func (p *webPlace) String() string {
	if p.err != nil {
		return "an unusable URL"
	}
	return strings.TrimSuffix(sourceOf(p.base), "/")
}

func (p *webPlace) Open(ctx context.Context, want Want) (*Found, error) {
	if p.err != nil {
		return nil, p.err
	}
	target, err := p.locate(want.Name)
	if err != nil {
		return nil, err
	}
	return p.wire.open(ctx, target, nil, want)
}

// locate puts a name behind the base. An escaped slash of the base, as in the
// paths of GitLab, stays one.
func (p *webPlace) locate(name string) (string, error) {
	if !fs.ValidPath(name) || name == "." {
		return "", &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	u := *p.base
	u.RawPath = strings.TrimSuffix(p.base.EscapedPath(), "/")
	for part := range strings.SplitSeq(name, "/") {
		u.RawPath += "/" + url.PathEscape(part)
	}
	var err error
	if u.Path, err = url.PathUnescape(u.RawPath); err != nil {
		return "", fmt.Errorf("locate %q: %w", name, err)
	}
	return u.String(), nil
}

// open gets a file as [Place] has it.
func (w wire) open(ctx context.Context, target string, extra http.Header, want Want) (*Found, error) {
	a, err := w.do(ctx, http.MethodGet, target, ask(extra, want))
	if err != nil {
		return nil, err
	}
	found, err := a.found(want)
	if err != nil {
		a.Close()
		return nil, rateLimit(a, err)
	}
	if coded := a.Header.Get("Content-Encoding"); coded != "" && coded != "identity" && wrappingOf(path.Base(want.Name)).isZero() {
		a.Close()
		return nil, fmt.Errorf("fetch %q: the server answered with Content-Encoding %.40q, which was not asked for", a.source, coded)
	}
	return found, nil
}

// ask makes the header of a request.
func ask(extra http.Header, want Want) http.Header {
	header := extra.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Accept-Encoding", "identity") // digests are of the file
	kind, value, _ := strings.Cut(want.Unless, " ")
	switch kind {
	case versionETag:
		header.Set("If-None-Match", value)
	case versionDate:
		header.Set("If-Modified-Since", value)
	}
	if want.Offset > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", want.Offset))
		if kind, value, _ := strings.Cut(want.Version, " "); kind == versionDate || !strings.HasPrefix(value, "W/") && kind != "" {
			header.Set("If-Range", value)
		}
	}
	return header
}

// A version is one of these words and what the server said.
const (
	versionETag = "etag"
	versionDate = "date"
)

// versionOf is empty where the server says nothing that tells two files apart: a
// date that is too fresh does not, as the file may change twice in its second.
func versionOf(header http.Header) string {
	v := validatorOf(header)
	if v.etag != "" {
		return versionETag + " " + v.etag
	}
	if date := v.ifRange(); date != "" {
		return versionDate + " " + date
	}
	return ""
}

// found reads the header of an answer.
func (a *answer) found(want Want) (*Found, error) {
	f := &Found{Body: a, Size: -1, Version: versionOf(a.Header)}
	switch a.StatusCode {
	case http.StatusOK:
		f.Size = a.ContentLength
	case http.StatusNotModified:
		if want.Unless == "" {
			return nil, a.refusal()
		}
		return nil, ErrNotModified
	case http.StatusPreconditionFailed, http.StatusRequestedRangeNotSatisfiable:
		if want.Offset == 0 {
			return nil, a.refusal()
		}
		return nil, fmt.Errorf("fetch %q from byte %d on: the server answered %d: %w", a.source, want.Offset, a.StatusCode, ErrChanged)
	case http.StatusPartialContent:
		stated := a.Header.Get("Content-Range")
		r, err := parseContentRange(stated)
		if err != nil {
			return nil, fmt.Errorf("fetch %q: %w", a.source, err)
		}
		if want.Offset == 0 || r.start != want.Offset {
			return nil, fmt.Errorf("fetch %q: asked for the bytes from %d on, the server sent %q: %w", a.source, want.Offset, stated, ErrChanged)
		}
		f.Offset, f.Size = r.start, r.total
	default:
		return nil, a.refusal()
	}
	if want.Unless != "" && f.Version == want.Unless && want.Offset == 0 {
		return nil, ErrNotModified // from a server that is deaf to conditions
	}
	if want.Offset > 0 && want.Version != "" && f.Version != "" && f.Version != want.Version {
		return nil, fmt.Errorf("fetch %q from byte %d on: %w", a.source, want.Offset, ErrChanged)
	}
	return f, nil
}

// isMissing reports whether a file is not there, or is hidden from us as one
// that is not there: some stores answer 403 for both.
func isMissing(err error) bool {
	if _, later := errors.AsType[*RetryAfterError](err); later {
		return false // an exhausted limit is answered with 403 too
	}
	status, ok := errors.AsType[*StatusError](err)
	return errors.Is(err, fs.ErrNotExist) || ok && status.Code == http.StatusForbidden
}
