package fetcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// A download reads one body to its end, over as many connections as that
// takes:
//
//	reading -> broken off -> backoff -> asked for the rest -> reading
//	                     \-> no proof, no progress, other bytes: the Read fails
//
// The context belongs to the fetch that began it.
type download struct {
	ctx    context.Context
	wire   wire
	url    string
	header http.Header // of the request, without its conditions

	now   *answer
	first validator
	coded string // Content-Encoding of the first answer
	total int64  // -1 where the server did not say
	got   int64

	tries int   // resumes since the last progress
	mark  int64 // got at the last progress
}

const (
	maxTries     = 5
	progress     = 1 << 20 // what a resume must gain not to count as one
	firstBackoff = time.Second
)

// begin takes over the 200 answer a to a GET of url.
func (w wire) begin(ctx context.Context, a *answer, url string, header http.Header) (*download, error) {
	d := &download{
		ctx: ctx, wire: w, url: url, header: header,
		now: a, first: validatorOf(a.Header), coded: a.Header.Get("Content-Encoding"), total: a.ContentLength,
	}
	switch {
	case d.total > w.max:
		return nil, fmt.Errorf("fetch %q (%d bytes): %w", a.source, d.total, ErrTooLarge)
	case d.total == 0:
		return nil, fmt.Errorf("fetch %q: %w", a.source, errEmpty)
	}
	return d, nil
}

func (d *download) Read(p []byte) (int, error) {
	for {
		n, err := d.now.Read(p)
		d.got += int64(n)
		switch {
		case d.got > d.wire.max:
			return 0, fmt.Errorf("fetch %q: %w", d.now.source, ErrTooLarge)
		case d.total >= 0 && d.got > d.total:
			return 0, fmt.Errorf("fetch %q: more bytes came than the %d announced: %w", d.now.source, d.total, ErrChanged)
		case n > 0 || err == nil:
			return n, nil // an error stays and comes back
		case err == io.EOF && (d.total < 0 || d.got == d.total):
			return 0, io.EOF
		case err == io.EOF:
			err = io.ErrUnexpectedEOF
		}
		if err := d.resume(err); err != nil {
			return 0, fmt.Errorf("fetch %q, broken off after %s: %w", d.now.source, d.extent(), err)
		}
	}
}

// extent says in a message how far the download came.
func (d *download) extent() string {
	if d.total < 0 {
		return fmt.Sprintf("%d bytes", d.got)
	}
	return fmt.Sprintf("%d of %d bytes", d.got, d.total)
}

func (d *download) Close() error { return d.now.Close() }

// resume asks for the rest until the server gives it or there is no use.
func (d *download) resume(cause error) error {
	proof := d.first.ifRange()
	if d.got == 0 || proof == "" || d.first.header.Get("Accept-Ranges") == "none" {
		return fmt.Errorf("%w (it cannot be resumed: the server gave no bytes, no strong ETag and no older Last-Modified, or accepts no ranges)", cause)
	}
	if d.got-d.mark >= progress {
		d.tries, d.mark = 0, d.got
	}
	wait := time.Duration(0)
	for {
		if d.ctx.Err() != nil {
			return context.Cause(d.ctx)
		}
		if d.tries == maxTries {
			return fmt.Errorf("%w (given up after %d tries to go on)", cause, d.tries)
		}
		if err := sleep(d.ctx, max(wait, backoff(d.tries))); err != nil {
			return err
		}
		d.tries++
		next, err := d.rest(proof)
		if err == nil {
			d.now.Close()
			d.now = next
			return nil
		}
		if wait, cause = patience(err); cause != nil {
			return cause
		}
		cause = err
	}
}

// rest asks for the bytes from got on, and makes sure that it is them that come.
func (d *download) rest(proof string) (*answer, error) {
	header := d.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Range", fmt.Sprintf("bytes=%d-", d.got))
	header.Set("If-Range", proof)
	a, err := d.wire.do(d.ctx, http.MethodGet, d.url, header)
	if err != nil {
		return nil, err
	}
	if err := d.continues(a); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

// backoff is 1 s, 2 s, 4 s …, of which up to half is left to chance, so that a
// fleet does not come back at once.
func backoff(tries int) time.Duration {
	full := firstBackoff << tries
	return full/2 + rand.N(full/2+1)
}

// patience tells the failures that pass from those that do not. It returns how
// long the server asks to wait, or the error that ends the download.
func patience(err error) (time.Duration, error) {
	if errors.Is(err, ErrChanged) {
		return 0, err
	}
	if later, ok := errors.AsType[*RetryAfterError](err); ok {
		if later.After > time.Minute {
			return 0, err
		}
		return later.After, nil
	}
	if status, ok := errors.AsType[*StatusError](err); ok && status.Code < 500 && status.Code != http.StatusTooManyRequests {
		return 0, err
	}
	return 0, nil
}
