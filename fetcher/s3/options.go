package s3

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Options say where a bucket is and who asks. Only Bucket is needed.
type Options struct {
	// Endpoint of the service: host, host:port, or a URL. It is spoken to by
	// TLS unless it begins with http://. Defaults to s3.amazonaws.com.
	Endpoint string

	// Region of the bucket. Defaults to AWS_REGION, then AWS_DEFAULT_REGION,
	// then to what the service answers when it is asked.
	Region string

	// Bucket, and what the names of all files in it begin with: a path, a
	// slash between its parts.
	Bucket, Prefix string

	// Access, Secret and Session are the credentials. Where they are empty,
	// they come from the environment (AWS_ACCESS_KEY_ID or AWS_ACCESS_KEY,
	// AWS_SECRET_ACCESS_KEY or AWS_SECRET_KEY, AWS_SESSION_TOKEN), and else
	// from the role of the container or the instance.
	Access, Secret, Session string

	// Credentials come from here instead. What is behind it must bound its
	// own waits.
	Credentials *credentials.Credentials

	// Anonymous sends requests unsigned, for a bucket that anybody may read.
	Anonymous bool

	// PathStyle puts the bucket into the path and not into the host name.
	// Endpoints other than those of the large clouds get that anyway.
	PathStyle bool

	// CA are the authorities that may vouch for the endpoint. Defaults to
	// those of the system.
	CA *x509.CertPool

	// Transport sends the requests, instead of one with bounds for dialling,
	// TLS and the beginning of an answer. CA is then the transport's.
	Transport http.RoundTripper

	// Attempts at each request that the service could not answer, with a
	// growing pause of a second at most. Defaults to 3.
	Attempts int

	// StallTimeout is for how long a body may stand still. Defaults to 30
	// seconds.
	StallTimeout time.Duration
}

const (
	defaultEndpoint = "s3.amazonaws.com"
	defaultStall    = 30 * time.Second
	defaultAttempts = 3
	// answerTimeout bounds the way to the beginning of an answer, all
	// attempts included, also on a transport that bounds nothing itself.
	answerTimeout = 2 * time.Minute
)

// ParseURL reads s3://BUCKET/PREFIX, with the query parameters endpoint, region
// and path-style (true or false). Credentials have no place in it.
func ParseURL(s string) (Options, error) {
	u, err := url.Parse(s)
	if err != nil {
		return Options{}, errors.New("bucket: it is no URL: want s3://BUCKET/PREFIX")
	}
	s = u.Redacted()
	if u.Scheme != "s3" || u.Host == "" || u.User != nil {
		return Options{}, fmt.Errorf("bucket %.200q: want s3://BUCKET/PREFIX, without credentials", s)
	}
	o := Options{Bucket: u.Host, Prefix: strings.Trim(u.Path, "/")}
	for name, values := range u.Query() {
		value := values[len(values)-1]
		switch {
		case name == "endpoint":
			o.Endpoint = value
		case name == "region":
			o.Region = value
		case name == "path-style" && (value == "true" || value == "false"):
			o.PathStyle = value == "true"
		default:
			return Options{}, fmt.Errorf("bucket %.200q: parameter %.40q with the value %.40q: there are endpoint, region and path-style (true or false)", s, name, value)
		}
	}
	return o, nil
}

// New checks the options. It sends nothing.
func New(o Options) (*Place, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	endpoint, secure := o.endpoint()
	creds := o.credentials()
	core, err := minio.NewCore(endpoint, &minio.Options{
		Creds:        creds,
		Secure:       secure,
		Transport:    noting{o.transport()},
		Region:       o.region(),
		BucketLookup: o.lookup(),
		MaxRetries:   o.attempts(),
	})
	if err != nil {
		return nil, fmt.Errorf("s3: endpoint %q: %w", o.Endpoint, err)
	}
	p := &Place{
		core: core, creds: creds, turn: make(chan struct{}, 1),
		bucket: o.Bucket, prefix: strings.Trim(o.Prefix, "/"), stall: o.StallTimeout,
	}
	if p.stall == 0 {
		p.stall = defaultStall
	}
	return p, nil
}

func (o Options) check() error {
	prefix := strings.Trim(o.Prefix, "/")
	switch {
	case o.Bucket == "":
		return errors.New("s3: Bucket is empty: name the bucket that has the releases")
	case prefix != "" && (!fs.ValidPath(prefix) || prefix == "."):
		return fmt.Errorf("s3: Prefix %q: want a path with a slash between its parts, none of them empty, a dot or two dots", o.Prefix)
	case (o.Access == "") != (o.Secret == ""):
		return errors.New("s3: of Access and Secret only one is given: give both, or none for those of the environment")
	case o.Anonymous && (o.Access != "" || o.Credentials != nil):
		return errors.New("s3: Anonymous and credentials are given: choose one")
	case o.Access != "" && o.Credentials != nil:
		return errors.New("s3: Access and Credentials are given: choose one")
	case o.CA != nil && o.Transport != nil:
		return errors.New("s3: CA and Transport are given: set the authorities in the transport")
	case o.Attempts < 0:
		return fmt.Errorf("s3: Attempts is %d: it must not be negative (0 is the default)", o.Attempts)
	case o.StallTimeout < 0:
		return fmt.Errorf("s3: StallTimeout is %v: it must not be negative (0 is the default)", o.StallTimeout)
	}
	return nil
}

func (o Options) endpoint() (host string, secure bool) {
	host, plain := strings.CutPrefix(o.Endpoint, "http://")
	host = strings.TrimRight(strings.TrimPrefix(host, "https://"), "/")
	if host == "" {
		host = defaultEndpoint
	}
	return host, !plain
}

func (o Options) region() string {
	for _, region := range []string{o.Region, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")} {
		if region != "" {
			return region
		}
	}
	return ""
}

func (o Options) lookup() minio.BucketLookupType {
	if o.PathStyle {
		return minio.BucketLookupPath
	}
	return minio.BucketLookupAuto
}

func (o Options) attempts() int {
	if o.Attempts == 0 {
		return defaultAttempts
	}
	return o.Attempts
}

// transport has DisableCompression, because a transparently unpacked body has
// no ranges.
func (o Options) transport() http.RoundTripper {
	if o.Transport != nil {
		return o.Transport
	}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.CA},
		TLSHandshakeTimeout:    15 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		IdleConnTimeout:        30 * time.Second,
		MaxIdleConnsPerHost:    4,
		MaxResponseHeaderBytes: 1 << 20,
		DisableCompression:     true,
	}
}
