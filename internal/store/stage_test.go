//go:build unix

package store

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

var (
	v1 = []byte("version one")
	v2 = []byte("version two!")
	v3 = []byte("version three")
)

func TestStage(t *testing.T) {
	target := newTarget(t, v1)
	s := open(t, target)
	st := stage(t, s, v2)

	id := sha1.Sum(v2)
	if st.Digest() != sum(v2) || st.ID() != hex.EncodeToString(id[:]) || st.Size() != int64(len(v2)) {
		t.Fatalf("staged %s %s %d; want %s %x %d", st.Digest(), st.ID(), st.Size(), sum(v2), id, len(v2))
	}
	wantContent(t, st.Path(), v2)
	info, err := os.Stat(st.Path())
	must(t, err)
	if filepath.Dir(st.Path()) != filepath.Dir(target) || info.Mode() != 0o700 {
		t.Fatalf("staged as %q with mode %v; want it beside %q with 0700", st.Path(), info.Mode(), target)
	}
	held, err := io.ReadAll(st.File())
	if err != nil || !bytes.Equal(held, v2) {
		t.Fatalf("File holds %q, %v; want %q", held, err, v2)
	}
	if _, err := st.File().Write([]byte("x")); err == nil {
		t.Fatal("File can be written to")
	}
	wantFiles(t, filepath.Dir(target), ".app.candidate-"+sum(v2).Short()+"-R", ".app.overseer/lock", "app")
	must(t, st.Discard())
	must(t, st.Discard())
	wantFiles(t, filepath.Dir(target), ".app.overseer/lock", "app")
	mustIs(t, st.File().Close(), os.ErrClosed)
}

func TestStageRefuses(t *testing.T) {
	broken := errors.New("connection reset")
	for _, row := range []struct {
		name string
		c    release.Candidate
		max  int64
		want error
	}{
		{name: "another digest", c: release.Candidate{Body: bytes.NewReader(v2), Digest: sum(v3)}, want: ErrDigest},
		{name: "fewer bytes", c: release.Candidate{Body: bytes.NewReader(v2), Size: 99}, want: ErrSize},
		{name: "more bytes", c: release.Candidate{Body: bytes.NewReader(v2), Size: 3}, want: ErrSize},
		{name: "endless", c: release.Candidate{Body: endless{}}, max: 1 << 20, want: ErrTooLarge},
		{name: "claims too much", c: release.Candidate{Body: endless{}, Size: 11}, max: 10, want: ErrTooLarge},
		{name: "empty", c: release.Candidate{Body: strings.NewReader("")}, want: ErrSize},
		{name: "breaks off", c: release.Candidate{Body: io.MultiReader(bytes.NewReader(v2), iotest.ErrReader(broken))}, want: broken},
		{name: "cut short", c: release.Candidate{Body: iotest.ErrReader(io.ErrUnexpectedEOF)}, want: io.ErrUnexpectedEOF},
		{name: "reads nothing", c: release.Candidate{Body: readFunc(func([]byte) (int, error) { return 0, nil })}, want: io.ErrNoProgress},
		{name: "quarantined, as claimed", c: release.Candidate{Body: endless{}, Digest: sum([]byte("bad"))}, want: ErrQuarantined},
		{name: "quarantined, as found", c: release.Candidate{Body: strings.NewReader("bad")}, want: ErrQuarantined},
	} {
		t.Run(row.name, func(t *testing.T) {
			target := newTarget(t, v1)
			s := open(t, target)
			must(t, s.Quarantine(sum([]byte("bad")), "crashed", time.Time{}))
			body := &closeSpy{Reader: row.c.Body}
			row.c.Body = body
			_, err := s.Stage(t.Context(), verified(t, row.c), row.max)
			mustIs(t, err, row.want)
			if !body.closed {
				t.Error("the body was not closed")
			}
			wantFiles(t, filepath.Dir(target), ".app.overseer/lock", ".app.overseer/quarantine.json", "app")
		})
	}
}

func TestStageRefusesUnverified(t *testing.T) {
	s := open(t, newTarget(t, v1))
	_, err := s.Stage(t.Context(), trust.Verified{}, 0)
	mustIs(t, err, ErrUnverified)
	if _, err := os.Stat(s.Dir()); !os.IsNotExist(err) {
		t.Fatalf("the refusal wrote %q: %v", s.Dir(), err)
	}
}

// A body may be anybody's code.
func TestStageSurvivesBody(t *testing.T) {
	forever := make(chan struct{})
	t.Cleanup(func() { close(forever) })
	block := func([]byte) (int, error) { <-forever; return 0, io.EOF }
	pipe, _ := io.Pipe()
	for _, row := range []struct {
		name string
		body io.Reader
		want error
	}{
		{"blocks for ever", readFunc(block), context.DeadlineExceeded},
		{"blocks for ever, also Close", blockingCloser{readFunc(block), forever}, context.DeadlineExceeded},
		{"wakes by Close", pipe, context.DeadlineExceeded},
		{"panics", readFunc(func([]byte) (int, error) { panic("body") }), nil},
		{"ends its goroutine", readFunc(func([]byte) (int, error) { runtime.Goexit(); return 0, nil }), nil},
		{"lies about its count", readFunc(func(p []byte) (int, error) { return len(p) + 1, nil }), nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			target := newTarget(t, v1)
			s := open(t, target)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			began := time.Now()
			_, err := s.Stage(ctx, verified(t, release.Candidate{Body: row.body}), 0)
			if err == nil || row.want != nil && !errors.Is(err, row.want) {
				t.Fatalf("Stage = %v; want %v", err, row.want)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Fatalf("Stage took %v", took)
			}
			wantFiles(t, filepath.Dir(target), ".app.overseer/lock", "app")
		})
	}
}

func TestStageBoundsWhatItLeavesBehind(t *testing.T) {
	s := open(t, newTarget(t, v1))
	forever := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	begun := make(chan struct{}, maxUnwinding)
	results := make(chan error, maxUnwinding)
	for range maxUnwinding {
		go func() {
			_, err := s.Stage(ctx, verified(t, release.Candidate{Body: readFunc(func([]byte) (int, error) {
				begun <- struct{}{}
				<-forever
				return 0, io.EOF
			})}), 0)
			results <- err
		}()
	}
	for range maxUnwinding {
		<-begun
	}
	cancel()
	for range maxUnwinding {
		mustIs(t, <-results, context.Canceled)
	}
	_, err := s.Stage(t.Context(), bytesOf(t, v2), 0)
	mustIs(t, err, ErrStuck)
	close(forever)
	for s.unwinding.Load() > 0 { // ends: every body has let go
		time.Sleep(time.Millisecond)
	}
	stage(t, s, v2)
}

func TestNames(t *testing.T) {
	long := strings.Repeat("x", 255)
	for _, row := range []struct {
		name, file, base string
		want             bool
	}{
		{"staged", candidateName("app", sum(v1)), "app", true},
		{"arriving", unverifiedName("app"), "app", true},
		{"another program", candidateName("app", sum(v1)), "ap", false},
		{"a program called so", candidateName("app.candidate-x", sum(v1)), "app", false},
		{"no random part", ".app.candidate-unverified-", "app", false},
		{"a user's file", ".app.candidate-list-of-2026", "app", false},
		{"long", candidateName(shorten(long), sum(v1)), shorten(long), true},
	} {
		name, ok := nameOfCandidate(row.file)
		if got := ok && name == row.base; got != row.want {
			t.Errorf("%s: nameOfCandidate(%q) = %q, %v; of %q is %v, want %v", row.name, row.file, name, ok, row.base, got, row.want)
		}
		if len(row.file) > 255 {
			t.Errorf("%s: %q has %d bytes", row.name, row.file, len(row.file))
		}
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

type closeSpy struct {
	io.Reader
	closed bool
}

func (c *closeSpy) Close() error { c.closed = true; return nil }

type blockingCloser struct {
	io.Reader
	until chan struct{}
}

func (b blockingCloser) Close() error { <-b.until; return nil }
