package oci

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/retry"
)

// Options say where a release is and who asks. Only Reference is needed.
type Options struct {
	// Reference is REGISTRY/REPOSITORY, as in registry.example.com/team/app.
	Reference string

	// Tag is the name of the channel, and its manifest is that name and
	// ".json". Defaults to the tag of Reference, and else to stable.
	Tag string

	// Username and Password are sent to the registry, and to where it sends
	// for a token. Empty: nobody in particular.
	Username, Password string

	// Credential gives them instead, for each registry by its host and port.
	Credential auth.CredentialFunc

	// PlainHTTP speaks to the registry without TLS.
	PlainHTTP bool

	// CA are the authorities that may vouch for the registry. Defaults to
	// those of the system.
	CA *x509.CertPool

	// Client sends the requests, instead of one with bounds for dialling,
	// TLS and the beginning of an answer. CA is then its transport's; its
	// Timeout counts against a whole download.
	Client *http.Client

	// Attempts at each request that the registry could not answer, with a
	// growing pause of 3 seconds at most. Defaults to 3.
	Attempts int

	// StallTimeout is for how long a body may stand still. Defaults to 30
	// seconds.
	StallTimeout time.Duration

	// Progress is told by [Push] how many bytes of a file are sent; done is
	// total once, at the end, also for a file that was there.
	Progress func(name string, done, total int64)
}

const (
	defaultTag      = "stable"
	defaultStall    = 30 * time.Second
	defaultAttempts = 3
	maxPause        = 3 * time.Second // between two attempts
	maxRedirects    = 10
	// answerTimeout bounds the way to the beginning of an answer, tokens,
	// redirects and attempts included, also on a transport that bounds
	// nothing itself.
	answerTimeout = 2 * time.Minute
)

// ParseURL reads oci://REGISTRY/REPOSITORY and oci://REGISTRY/REPOSITORY:TAG.
func ParseURL(s string) (Options, error) {
	reference, ok := strings.CutPrefix(s, "oci://")
	if !ok || reference == "" {
		return Options{}, fmt.Errorf("registry %.200q: want oci://REGISTRY/REPOSITORY", s)
	}
	o := Options{Reference: reference}
	_, err := o.reference()
	return o, err
}

// reference is that of the repository, with the tag.
func (o Options) reference() (registry.Reference, error) {
	if o.Reference == "" {
		return registry.Reference{}, errors.New("oci: Reference is empty: want REGISTRY/REPOSITORY")
	}
	if strings.Contains(o.Reference, "@") {
		return registry.Reference{}, fmt.Errorf("oci: Reference %.200q: want REGISTRY/REPOSITORY, without a digest and without credentials", o.Reference)
	}
	ref, err := registry.ParseReference(o.Reference)
	if err != nil {
		return ref, fmt.Errorf("oci: Reference %.200q: want REGISTRY/REPOSITORY: %w", o.Reference, err)
	}
	switch {
	case o.Tag != "" && ref.Reference != "" && o.Tag != ref.Reference:
		return ref, fmt.Errorf("oci: Reference has the tag %q, and Tag is %q: give one", ref.Reference, o.Tag)
	case o.Tag != "":
		ref.Reference = o.Tag
	case ref.Reference == "":
		ref.Reference = defaultTag
	}
	if err := ref.ValidateReferenceAsTag(); err != nil {
		return ref, fmt.Errorf("oci: Tag %.200q: %w", ref.Reference, err)
	}
	return ref, nil
}

// New checks the options. It sends nothing.
func New(o Options) (*Place, error) {
	ref, err := o.reference()
	if err != nil {
		return nil, err
	}
	switch {
	case (o.Username == "") != (o.Password == ""):
		return nil, errors.New("oci: of Username and Password only one is given: give both, or none")
	case o.Username != "" && o.Credential != nil:
		return nil, errors.New("oci: Username and Credential are given: choose one")
	case o.CA != nil && o.Client != nil:
		return nil, errors.New("oci: CA and Client are given: set the authorities in the client's transport")
	case o.Attempts < 0:
		return nil, fmt.Errorf("oci: Attempts is %d: it must not be negative (0 is the default)", o.Attempts)
	case o.StallTimeout < 0:
		return nil, fmt.Errorf("oci: StallTimeout is %v: it must not be negative (0 is the default)", o.StallTimeout)
	}
	if o.Attempts == 0 {
		o.Attempts = defaultAttempts
	}
	if o.StallTimeout == 0 {
		o.StallTimeout = defaultStall
	}
	p := &Place{tag: ref.Reference, stall: o.StallTimeout, attempts: o.Attempts}
	ref.Reference = ""
	p.repo = &remote.Repository{
		Reference:          ref,
		PlainHTTP:          o.PlainHTTP,
		ManifestMediaTypes: []string{imageManifest},
		MaxMetadataBytes:   maxArtifact,
		Client: &auth.Client{
			Client:     o.client(),
			Credential: o.credential(ref),
			Cache:      auth.NewCache(),
		},
	}
	return p, nil
}

func (o Options) credential(ref registry.Reference) auth.CredentialFunc {
	if o.Credential != nil || o.Username == "" {
		return o.Credential
	}
	return auth.StaticCredential(ref.Host(), auth.Credential{Username: o.Username, Password: o.Password})
}

// client is the caller's, or one with bounds, with those attempts and without
// ways out of TLS.
func (o Options) client() *http.Client {
	client := &http.Client{}
	if o.Client != nil {
		*client = *o.Client
	}
	base := client.Transport
	switch {
	case base == nil && o.Client != nil:
		base = http.DefaultTransport
	case base == nil:
		base = o.transport()
	}
	client.Transport = &retry.Transport{Base: noting{base}, Policy: func() retry.Policy {
		return &retry.GenericPolicy{
			Retryable: mayPass, Backoff: retry.DefaultBackoff,
			MinWait: 200 * time.Millisecond, MaxWait: maxPause, MaxRetry: o.Attempts - 1,
		}
	}}
	asked := client.CheckRedirect
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fmt.Errorf("more than %d redirects", maxRedirects)
		}
		if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
			return fmt.Errorf("redirected from https to %q: refused, anybody on the way could change the release", req.URL.Scheme)
		}
		if asked != nil {
			return asked(req, via)
		}
		return nil
	}
	return client
}

// mayPass reports whether a request is worth another attempt at once. A registry
// that says when to come back is not asked before.
func mayPass(res *http.Response, err error) (bool, error) {
	if err == nil && res.Header.Get("Retry-After") != "" {
		return false, nil
	}
	return retry.DefaultPredicate(res, err)
}

// transport has DisableCompression, because a transparently unpacked body has
// no ranges.
func (o Options) transport() http.RoundTripper {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.CA},
		TLSHandshakeTimeout:    15 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConnsPerHost:    2,
		MaxResponseHeaderBytes: 1 << 20,
		DisableCompression:     true,
	}
}

// bounded gives a context that ends when an answer takes too long, and a
// function that lifts the bound when the answer is there.
func bounded(ctx context.Context) (_ context.Context, lift func(), cancel context.CancelCauseFunc) {
	ctx, cancel = context.WithCancelCause(ctx)
	late := time.AfterFunc(answerTimeout, func() { cancel(errStalled(answerTimeout)) })
	return ctx, func() { late.Stop() }, cancel
}
