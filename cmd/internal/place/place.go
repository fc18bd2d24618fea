// Package place reads release directories where they are: on the disk, or on a
// web server.
package place

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
)

// IsURL reports whether a person means a web server.
func IsURL(s string) bool {
	return strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

// Dir is a directory of this machine. No name leads out of it.
type Dir string

// Open is that of [fetcher.Place].
func (d Dir) Open(ctx context.Context, want fetcher.Want) (*fetcher.Found, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(want.Name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: want.Name, Err: errors.New("no regular file")}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &fetcher.Found{Body: f, Size: info.Size()}, nil
}

func (d Dir) String() string { return string(d) }

// stall is how long a server may send nothing.
const stall = 30 * time.Second

// A Web is a directory on a web server.
type Web struct {
	base   url.URL
	client *http.Client
}

// NewWeb takes the URL of a release directory, or of a manifest in it, whose
// name it returns then. A nil client is that of this package.
func NewWeb(s string, client *http.Client) (w *Web, name string, err error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return nil, "", fmt.Errorf("URL %q: want one such as https://releases.example.com/app/", s)
	}
	if client == nil {
		client = &http.Client{Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			TLSHandshakeTimeout:   stall,
			ResponseHeaderTimeout: stall,
			ForceAttemptHTTP2:     true,
		}}
	}
	if strings.HasSuffix(u.Path, ".json") {
		u.Path, name = path.Split(u.Path)
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	return &Web{*u, client}, name, nil
}

// Open is that of [fetcher.Place]. The name may be a URL too.
func (w *Web) Open(ctx context.Context, want fetcher.Want) (*fetcher.Found, error) {
	at := want.Name
	if !IsURL(at) {
		u := w.base
		u.Path += want.Name
		at = u.String()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	request.Header.Set("Accept-Encoding", "identity")
	response, err := w.client.Do(request)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		cancel(nil)
		err := fmt.Errorf("get %s: %s", at, response.Status)
		switch response.StatusCode {
		case http.StatusNotFound, http.StatusForbidden, http.StatusGone: // a store without listing answers 403
			err = fmt.Errorf("get %s: %s: %w", at, response.Status, fs.ErrNotExist)
		}
		return nil, err
	}
	return &fetcher.Found{Body: &body{response.Body, ctx, cancel}, Size: response.ContentLength}, nil
}

func (w *Web) String() string { return w.base.Redacted() }

// A body ends where the server stalls.
type body struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
}

func (b *body) Read(p []byte) (int, error) {
	late := time.AfterFunc(stall, func() { b.cancel(fmt.Errorf("nothing came for %v: %w", stall, os.ErrDeadlineExceeded)) })
	n, err := b.ReadCloser.Read(p)
	late.Stop()
	if err != nil && err != io.EOF && b.ctx.Err() != nil {
		err = context.Cause(b.ctx)
	}
	return n, err
}

func (b *body) Close() error {
	defer b.cancel(nil)
	return b.ReadCloser.Close()
}
