package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

// S3 offers one program in a bucket. It has the fields and the defaults of the
// older library's fetcher.S3, and beneath it is [fetcher.HTTP]: conditional by
// ETag, resumed, unpacked where the key ends in .gz or .zst, remembered once it
// was taken.
//
// Call its methods from one goroutine at a time, and change no field after
// Init.
type S3 struct {
	// Access and Secret are the credentials. They come from the environment
	// where they are empty, and else from a role: see [Options].
	Access, Secret string

	// Region of the bucket. Defaults to ap-southeast-2, as before.
	Region string

	Bucket, Key string

	// Interval between two looks. Defaults to 5 minutes.
	Interval time.Duration

	// HeadTimeout is for how long the beginning of an answer is waited for.
	// Defaults to 5 seconds.
	HeadTimeout time.Duration

	// GetTimeout is for how long a download may take, with all its resumes.
	// Defaults to 5 minutes.
	GetTimeout time.Duration

	// Options has what else there is to say: an endpoint, authorities, a
	// transport, StallTimeout. The fields above count where they are set, and
	// Prefix stands before Key.
	Options Options

	// MaxSize of the program, packed and unpacked; a larger one is
	// [fetcher.ErrTooLarge]. Defaults to 1 GiB.
	MaxSize int64

	source *fetcher.HTTP // made by Init
	name   string        // of the object, for messages
}

const (
	defaultRegion = "ap-southeast-2"
	defaultHead   = 5 * time.Second
	defaultGet    = 5 * time.Minute
)

// Init checks the fields; it sends nothing.
func (s *S3) Init() error {
	if s.Key == "" {
		return errors.New("s3.S3.Key is empty: name the object that is the program")
	}
	if s.HeadTimeout < 0 || s.GetTimeout < 0 {
		return fmt.Errorf("s3.S3: HeadTimeout is %v and GetTimeout is %v: they must not be negative (0 is the default)", s.HeadTimeout, s.GetTimeout)
	}
	o := s.Options
	setWhereGiven(&o.Access, s.Access)
	setWhereGiven(&o.Secret, s.Secret)
	setWhereGiven(&o.Bucket, s.Bucket)
	setWhereGiven(&o.Region, s.Region)
	if o.Region == "" {
		o.Region = defaultRegion
	}
	place, err := New(o)
	if err != nil {
		return err
	}
	at := place.core.EndpointURL().JoinPath(place.bucket, place.key(s.Key))
	source := &fetcher.HTTP{
		URL:          at.String(),
		Interval:     s.Interval,
		Client:       &http.Client{Transport: &object{place: place, key: s.Key, timeout: orDefault(s.HeadTimeout, defaultHead)}},
		StallTimeout: place.stall,
		MaxSize:      s.MaxSize,
	}
	if err := source.Init(); err != nil {
		return fmt.Errorf("s3.S3: %w", err)
	}
	s.source, s.name = source, place.url(s.Key)
	return nil
}

// Fetch is FetchContext without an end: each step is bounded, and the whole
// download by GetTimeout.
func (s *S3) Fetch() (io.Reader, error) { return s.FetchContext(context.Background()) }

// FetchContext waits for its Interval and asks the service. Errors that can be
// matched: *[fetcher.StatusError], *[fetcher.RetryAfterError],
// [fetcher.ErrTooLarge], and from Read also [fetcher.ErrChanged].
func (s *S3) FetchContext(ctx context.Context) (io.Reader, error) {
	if s.source == nil {
		if err := s.Init(); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	r, err := s.source.FetchContext(ctx)
	if r == nil || err != nil {
		cancel(nil)
		return nil, err
	}
	limit := orDefault(s.GetTimeout, defaultGet)
	late := time.AfterFunc(limit, func() {
		cancel(fmt.Errorf("the download took longer than GetTimeout (%v): %w", limit, os.ErrDeadlineExceeded))
	})
	return &download{Reader: r, stop: func() { late.Stop(); cancel(nil) }, source: s.name}, nil
}

// A download is the reader of the source below, with an end to its time.
type download struct {
	io.Reader
	stop   func()
	source string
}

func (d *download) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	if err != nil {
		d.stop()
	}
	return n, err
}

// Taken is the [fetcher.Receipt].
func (d *download) Taken() {
	if receipt, ok := d.Reader.(fetcher.Receipt); ok {
		receipt.Taken()
	}
}

func (d *download) Close() error {
	defer d.stop()
	if closer, ok := d.Reader.(io.Closer); ok {
		return closer.Close()
	}
	return nil
}

// Candidate says what is known of the bytes.
func (d *download) Candidate() release.Candidate {
	c := fetcher.Describe(d.Reader)
	c.Body, c.Source = d, d.source
	return c
}

func setWhereGiven(to *string, value string) {
	if value != "" {
		*to = value
	}
}

func orDefault(value, fallback time.Duration) time.Duration {
	if value == 0 {
		return fallback
	}
	return value
}
