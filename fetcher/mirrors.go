package fetcher

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/release"
)

// A file is what a manifest says of bytes at several places.
type file struct {
	urls   []string
	size   int64
	digest release.Digest
}

// mirrors reads a file of known length and digest from whichever of its places
// gives it, over as many connections as that takes:
//
//	reading -> broken off -> the next mirror, from the same byte on -> reading
//	                     \-> (it was tried before) backoff, at most 5 times
//	                     \-> none is left: the Read fails
//
// Nothing proves on the way that two mirrors have the same bytes: the digest
// does at the end, and io.EOF follows the right bytes only. Mirrors that gave
// others are avoided from then on.
type mirrors struct {
	ctx   context.Context
	open  func(ctx context.Context, url string, offset int64) (*Found, error)
	file  file
	avoid *avoided

	left    []*mirror // the first is read, or is next
	now     *Found
	sum     hash.Hash
	got     int64
	mark    int64    // got when the tries were counted anew
	used    []string // mirrors that bytes came from, in order
	reasons []error
	passing bool // one was given up for what may pass
	err     error
}

type mirror struct {
	url   string
	tries int // that failed since the last progress
	after time.Time
}

func newMirrors(ctx context.Context, f file, avoid *avoided, open func(context.Context, string, int64) (*Found, error)) *mirrors {
	m := &mirrors{ctx: ctx, open: open, file: f, avoid: avoid, sum: sha256.New()}
	for _, u := range avoid.without(f) {
		m.left = append(m.left, &mirror{url: u})
	}
	return m
}

func (m *mirrors) Read(p []byte) (int, error) {
	if m.err != nil {
		return 0, m.err
	}
	n, err := m.read(p)
	m.err = err
	return n, err
}

func (m *mirrors) read(p []byte) (int, error) {
	for {
		if m.got == m.file.size {
			return 0, m.end()
		}
		if m.now == nil {
			if err := m.begin(); err != nil {
				return 0, err
			}
		}
		n, err := m.now.Body.Read(p[:min(int64(len(p)), m.file.size-m.got)])
		m.take(p[:n])
		if err != nil && m.got < m.file.size {
			m.broken(unexpected(err))
		}
		if n > 0 || err == nil {
			return n, nil
		}
	}
}

func (m *mirrors) take(p []byte) {
	if len(p) == 0 {
		return
	}
	m.sum.Write(p)
	m.got += int64(len(p))
	if at := m.left[0].url; !slices.Contains(m.used, at) {
		m.used = append(m.used, at)
	}
	if m.got-m.mark >= progress {
		m.mark = m.got
		for _, each := range m.left {
			each.tries = 0
		}
	}
}

// begin opens the next mirror that has the rest.
func (m *mirrors) begin() error {
	for len(m.left) > 0 {
		if m.ctx.Err() != nil {
			return context.Cause(m.ctx)
		}
		next := m.left[0]
		wait := time.Until(next.after)
		if next.tries > 0 {
			wait = max(wait, backoff(next.tries-1))
		}
		if err := sleep(m.ctx, wait); err != nil {
			return err
		}
		found, err := m.ask(next.url)
		if err == nil {
			m.now = found
			return nil
		}
		m.broken(err)
	}
	if m.ctx.Err() != nil {
		return context.Cause(m.ctx)
	}
	return &mirrorsError{m.reasons, m.passing}
}

// ask opens one mirror at the byte that is next.
func (m *mirrors) ask(u string) (*Found, error) {
	found, err := m.open(m.ctx, u, m.got)
	if err != nil {
		return nil, err
	}
	switch {
	case found.Size >= 0 && found.Size != m.file.size:
		err = fmt.Errorf("it has %d bytes there, the manifest states %d: %w", found.Size, m.file.size, ErrChanged)
	case found.Offset == 0 && m.got > 0: // it knows no ranges
		_, err = io.CopyN(io.Discard, found.Body, m.got)
		err = unexpected(err)
	case found.Offset != m.got:
		err = fmt.Errorf("asked for the bytes from %d on, those from %d on came: %w", m.got, found.Offset, ErrChanged)
	}
	if err != nil {
		found.Body.Close()
		return nil, err
	}
	return found, nil
}

// broken gives the mirror that is first its place behind the others, or none.
func (m *mirrors) broken(err error) {
	m.Close()
	if m.ctx.Err() != nil {
		return // it says nothing about the mirror
	}
	at := m.left[0]
	m.left = m.left[1:]
	at.tries++
	wait, final := patience(err)
	switch {
	case final != nil || isMissing(err):
		m.reasons = append(m.reasons, fmt.Errorf("%s: %w", shown(at.url), err))
		if _, later := errors.AsType[*RetryAfterError](err); later {
			m.passing = true
		}
	case at.tries > maxTries:
		m.passing = true
		m.reasons = append(m.reasons, fmt.Errorf("%s, broken off after %d of %d bytes: %w (given up after %d tries to go on)", shown(at.url), m.got, m.file.size, err, maxTries))
	default:
		at.after = time.Now().Add(wait)
		m.left = append(m.left, at)
	}
}

// end compares the digest, and on a difference blames the mirrors.
func (m *mirrors) end() error {
	if release.Digest(m.sum.Sum(nil)) == m.file.digest {
		return io.EOF
	}
	err := fmt.Errorf("%w: SHA-256 %x came from %s, the manifest names %s", ErrDamaged, m.sum.Sum(nil), shown(m.used...), m.file.digest)
	blamed := m.used
	if len(blamed) > 1 {
		blamed = blamed[1:] // the first one alone may do better
	}
	if m.avoid.blame(m.file, blamed) {
		return fmt.Errorf("%w; another mirror comes next: %w", err, ErrAgain)
	}
	return err
}

func (m *mirrors) Close() error {
	if m.now == nil {
		return nil
	}
	found := m.now
	m.now = nil
	return found.Body.Close()
}

// ErrDamaged is matched by the errors of bytes that are not those that a
// manifest names.
var ErrDamaged = errors.New("other bytes came than the manifest names")

// A mirrorsError says why no mirror was left.
type mirrorsError struct {
	reasons []error
	passing bool // waiting may help
}

func (e *mirrorsError) Error() string {
	if len(e.reasons) == 0 {
		return "no mirror is left"
	}
	var all []string
	for _, err := range e.reasons {
		all = append(all, err.Error())
	}
	return strings.Join(all, "; ")
}

func (e *mirrorsError) Unwrap() []error { return e.reasons }

// shown names mirrors in messages, without secrets.
func shown(urls ...string) string {
	var all []string
	for _, s := range urls {
		if u, err := url.Parse(s); err == nil {
			s = sourceOf(u)
		}
		all = append(all, fmt.Sprintf("%q", s))
	}
	return strings.Join(all, " and ")
}
