//go:build unix

package isolate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// program is what honest processes bring; it does not fit into a pipe.
var program = bytes.Repeat([]byte("a program, "), 50_000)

func sum(text string) release.Digest { return sha256.Sum256([]byte(text)) }

// scripted is a source of a fetch process, and a policy.
type scripted struct {
	fetch func(n int) (io.Reader, error)
	init  error
	calls int

	vouch func(c release.Candidate) (trust.Grant, error)
	host  trust.Host
	place fetcher.Host
}

func (s *scripted) Init() error            { return s.init }
func (s *scripted) SetHost(h fetcher.Host) { s.place = h }
func (s *scripted) Name() string           { return "scripted" }

func (s *scripted) Fetch() (io.Reader, error) {
	s.calls++
	return s.fetch(s.calls)
}

func (s *scripted) On(h trust.Host) trust.Policy {
	s.host = h
	return s
}

func (s *scripted) Vouch(_ context.Context, c release.Candidate) (trust.Grant, error) {
	if s.vouch != nil {
		return s.vouch(c)
	}
	return trust.Grant{Digest: honest, Size: int64(len(program)), Version: "1.2.3"}, nil
}

// serving registers an honest process with a source and a policy.
func serving(name string, change func(*scripted)) string {
	children[name] = func(in handover.Inherited) error {
		s := &scripted{fetch: func(int) (io.Reader, error) { return bytes.NewReader(program), nil }}
		change(s)
		return Serve(in, s, s)
	}
	return name
}

var honestly = serving("honestly", func(*scripted) {})

// A body is a reader with all second interfaces.
type body struct {
	io.Reader
	taken, closed func()
	remarks       []string
}

func (b *body) Taken()            { b.taken() }
func (b *body) Remarks() []string { return b.remarks }

func (b *body) Close() error {
	b.closed()
	return nil
}

var saysAll = serving("says all", func(s *scripted) {
	told := []string{}
	note := func(what string) func() { return func() { told = append(told, what) } }
	s.fetch = func(n int) (io.Reader, error) {
		switch n {
		case 1:
			return nil, nil
		case 2:
			return nil, fmt.Errorf("down: %w", &fetcher.RetryAfterError{After: time.Hour, Err: errors.New("busy")})
		case 3:
			return nil, fmt.Errorf("broken: %w", fetcher.ErrAgain)
		case 4, 5:
			return &body{Reader: bytes.NewReader(program), taken: note("taken"), closed: note("closed"), remarks: []string{"a detour"}}, nil
		}
		return nil, errors.New(strings.Join(told, ", "))
	}
	s.vouch = func(release.Candidate) (trust.Grant, error) {
		if s.calls == 4 {
			return trust.Grant{}, &trust.NotYetError{Slot: 2, Percent: 1}
		}
		return trust.Grant{Digest: honest, Version: "1.2.3"}, nil
	}
})

// TestConversation: all that a source says reaches the master, and all that the
// master says reaches the source.
func TestConversation(t *testing.T) {
	t.Parallel()
	b := newBench(t, saysAll)
	must(t, b.Init())
	fetch := func() (*offer, error) {
		t.Helper()
		r, err := b.FetchContext(t.Context())
		o, _ := r.(*offer)
		return o, err
	}
	if o, err := fetch(); o != nil || err != nil {
		t.Fatalf("nothing new: %v, %v", o, err)
	}
	_, err := fetch()
	if later, ok := errors.AsType[*fetcher.RetryAfterError](err); !ok || later.After != time.Hour {
		t.Errorf("busy: %v, want a RetryAfterError of one hour", err)
	}
	if _, err := fetch(); !errors.Is(err, fetcher.ErrAgain) || errors.Is(err, trust.ErrNotYet) {
		t.Errorf("broken: %v, want ErrAgain", err)
	}
	if _, err := fetch(); !errors.Is(err, trust.ErrNotYet) || errors.Is(err, fetcher.ErrAgain) {
		t.Errorf("not yet: %v, want ErrNotYet", err)
	}
	o, err := fetch()
	must(t, err)
	verified, err := trust.Check(t.Context(), b.Policy("scripted"), fetcher.Describe(o))
	must(t, err)
	if verified.Version() != "1.2.3" || verified.By() != "scripted, in the fetch process" || verified.Candidate().Digest != honest {
		t.Errorf("verified: %+v", verified)
	}
	got, err := io.ReadAll(o)
	if err != nil || !bytes.Equal(got, program) {
		t.Fatalf("%d bytes, %v; want the program", len(got), err)
	}
	if r := o.Remarks(); len(r) != 1 || r[0] != "a detour" {
		t.Errorf("remarks %q", r)
	}
	o.Taken()
	must(t, o.Close())
	if _, err := fetch(); err == nil || err.Error() != "closed, taken, closed" {
		t.Errorf("the source was told %v; want that the body not let in was closed, the other taken and closed", err)
	}
}

// No candidate but the source's own passes its policy.
func TestPolicyOfAnother(t *testing.T) {
	t.Parallel()
	one, two := newBench(t, honestly), newBench(t, honestly)
	body, err := one.FetchContext(t.Context())
	must(t, err)
	defer body.(io.Closer).Close()
	for name, c := range map[string]release.Candidate{
		"of another source":  fetcher.Describe(body),
		"of a reader":        fetcher.Describe(strings.NewReader("x")),
		"without a body":     {Digest: honest},
		"claims another one": {Body: body, Digest: sum("x")},
	} {
		p := two.Policy("test")
		if name == "claims another one" {
			p = one.Policy("test")
		}
		if v, err := trust.Check(t.Context(), p, c); err == nil || !v.IsZero() {
			t.Errorf("%s: let in", name)
		}
	}
}

// large is a record that fits into no frame of the conversation with a worker.
var large = strings.Repeat("x", 3<<20)

var remembers = serving("remembers", func(s *scripted) {
	s.fetch = func(n int) (io.Reader, error) {
		if s.place.Scratch == "" {
			return nil, errors.New("no scratch directory, though the process has the rights of the master")
		}
		refuse := errors.New("refused")
		err := s.host.Memory.Update(context.Background(), "app", func(old []byte) ([]byte, error) {
			switch {
			case n == 1 && old != nil:
				return nil, fmt.Errorf("something is kept already: %q", old)
			case n == 1:
				return []byte(large), nil
			case string(old) != large:
				return nil, fmt.Errorf("%d bytes are kept, want %d", len(old), len(large))
			}
			return []byte("never kept"), refuse
		})
		if n > 1 && !errors.Is(err, refuse) {
			return nil, fmt.Errorf("want the error of the change, got %w", err)
		}
		if n > 1 {
			err = nil
		}
		return nil, err
	}
})

// What a policy remembers is written by the master; a refused change is not.
func TestMemory(t *testing.T) {
	t.Parallel()
	b := newBench(t, remembers)
	for range 3 {
		_, err := b.FetchContext(t.Context())
		must(t, err)
	}
	must(t, b.store.Memory().Update(t.Context(), "app", func(old []byte) ([]byte, error) {
		if string(old) != large {
			t.Errorf("the store keeps %d bytes, want %d", len(old), len(large))
		}
		return old, nil
	}))
}

var readsInstalled = serving("reads the installed", func(s *scripted) {
	s.fetch = func(int) (io.Reader, error) {
		d, err := s.host.Installed(context.Background())
		if err != nil {
			return nil, err
		}
		p, err := s.place.Installed(context.Background())
		if err != nil {
			return nil, err
		}
		defer p.Close()
		text, err := io.ReadAll(io.NewSectionReader(p, 0, p.Size+1))
		if err == nil && (string(text) != "the installed program" || p.Digest != d || d != sum("the installed program")) {
			err = fmt.Errorf("%q of %d bytes, digests %s and %s", text, p.Size, d, p.Digest)
		}
		if _, err := p.ReaderAt.(*os.File).Write([]byte("x")); err == nil {
			return nil, errors.New("the descriptor can be written to")
		}
		return nil, err
	}
})

// The installed program reaches the source and the policy.
func TestInstalled(t *testing.T) {
	t.Parallel()
	b := newBench(t, readsInstalled)
	for range 2 {
		_, err := b.FetchContext(t.Context())
		must(t, err)
	}
}

var cannotBeSetUp = serving("cannot be set up", func(s *scripted) { s.init = errors.New("no credentials") })

// An error of Init is one of the settings, and final.
func TestInit(t *testing.T) {
	t.Parallel()
	b := newBench(t, cannotBeSetUp)
	for _, f := range []func() error{b.Init, func() error { _, err := b.Fetch(); return err }} {
		if err := f(); err == nil || err.Error() != "no credentials" {
			t.Errorf("%v, want the error of Init", err)
		}
	}
}

// dies registers a process that ends as soon as it fetches.
func dies(name string, how func()) string {
	return serving(name, func(s *scripted) {
		s.fetch = func(int) (io.Reader, error) { how(); select {} }
	})
}

var ends = []struct{ name, says string }{
	{registered("never reaches Run", func(handover.Inherited) error { return errors.New("only one of me") }), "exited with code 1 before it had reached overseer.Run (does main need to be alone?): only one of me"},
	{dies("panics", func() { go panic("on purpose") }), "panic: on purpose"},
	{dies("exits", func() { fmt.Fprintln(os.Stderr, "last words"); os.Exit(5) }), "exited with code 5: last words"},
	{dies("is killed", func() { syscall.Kill(os.Getpid(), syscall.SIGKILL) }), "ended by signal 9"},
	{serving("dies while it brings", func(s *scripted) {
		s.fetch = func(int) (io.Reader, error) {
			return io.MultiReader(bytes.NewReader(program), readerFunc(func() { syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} })), nil
		}
	}), "ended by signal 9"},
	{serving("dies while it judges", func(s *scripted) {
		s.vouch = func(release.Candidate) (trust.Grant, error) {
			return trust.Grant{}, s.host.Memory.Update(context.Background(), "app", func([]byte) ([]byte, error) { os.Exit(4); return nil, nil })
		}
	}), "exited with code 4"},
}

// However a process ends, the fetch that it ends says how, and the next one has
// another process.
func TestEnds(t *testing.T) {
	for _, row := range ends {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, row.name, honestly)
			if _, err := b.stage(); err == nil || !strings.Contains(err.Error(), row.says) {
				t.Fatalf("error %v, want one with %q", err, row.says)
			}
			b.good()
			leaves(t, b)
		})
	}
}

type readerFunc func()

func (f readerFunc) Read([]byte) (int, error) {
	f()
	return 0, io.EOF
}

var stops = serving("stops", func(s *scripted) {
	s.fetch = func(int) (io.Reader, error) { syscall.Kill(os.Getpid(), syscall.SIGSTOP); select {} }
})

// A stopped process is ended; it says otherwise that it is alive for as long as
// a fetch takes.
func TestStopped(t *testing.T) {
	t.Parallel()
	b := newBench(t, stops, honestly)
	b.cfg.Silence = 2 * time.Second
	if _, err := b.stage(); err == nil || !strings.Contains(err.Error(), "silent for too long") {
		t.Fatalf("error %v, want one that it was silent", err)
	}
	b.cfg.Silence = time.Minute
	b.good()
}

var blocks = serving("blocks", func(s *scripted) {
	closed := make(chan struct{})
	s.fetch = func(n int) (io.Reader, error) {
		if n > 1 {
			return nil, fmt.Errorf("fetch %d", n)
		}
		blocks := readerFunc(func() { <-closed })
		return &body{Reader: blocks, taken: func() {}, closed: func() { close(closed) }}, nil
	}
})

// A body that blocks for ever is left when the master wants no more of it, and
// the process goes on.
func TestBodyThatBlocks(t *testing.T) {
	t.Parallel()
	b := newBench(t, blocks)
	r, err := b.FetchContext(t.Context())
	must(t, err)
	o := r.(*offer)
	read := make(chan error)
	go func() {
		_, err := o.Read(make([]byte, 10))
		read <- err
	}()
	for asked := false; !asked; { // until the pipe is given away
		o.mu.Lock()
		asked = o.pipe != nil
		o.mu.Unlock()
	}
	must(t, o.Close())
	if err := <-read; err == nil {
		t.Error("a Read that was ended by Close: no error")
	}
	if _, err := b.FetchContext(t.Context()); err == nil || err.Error() != "fetch 2" {
		t.Errorf("the next fetch: %v", err)
	}
	if n := len(b.processes()); n != 1 {
		t.Errorf("%d processes, want the first to have gone on", n)
	}
}

var neverReturns = serving("never returns", func(s *scripted) {
	s.fetch = func(int) (io.Reader, error) { select {} }
})

// Close ends a fetch that never returns.
func TestClose(t *testing.T) {
	t.Parallel()
	b := newBench(t, neverReturns)
	must(t, b.Init())
	fetched := make(chan error)
	go func() {
		_, err := b.Fetch()
		fetched <- err
	}()
	b.Close()
	if err := <-fetched; !errors.Is(err, errClosed) {
		t.Errorf("error %v, want that the process has been ended", err)
	}
	if _, err := b.Fetch(); !errors.Is(err, errClosed) {
		t.Errorf("after Close: %v", err)
	}
}
