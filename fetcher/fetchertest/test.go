package fetchertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
)

const (
	patience = 10 * time.Second // for what should come at once
	tries    = 500              // fetches until something must have come
)

// Test runs the suite. newSource is called once for each test of it, and cleans
// up with t.Cleanup.
func Test(t *testing.T, newSource func(t *testing.T) Source) {
	for _, row := range []struct {
		name string
		run  func(*testing.T, Source)
	}{
		{"offered whole until it is taken", untilTaken},
		{"the next release is offered", nextRelease},
		{"a closed reader costs nothing", closedEarly},
		{"known bytes are taken unread", takenUnread},
		{"a cut body is offered again", cut},
		{"a changing release is not mixed", changed},
		{"a cancelled fetch returns", cancelled},
		{"a cancelled read ends", cancelledRead},
		{"too many bytes are an error", flooded},
		{"another way is gone at once", again},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newSource(t)
			if f, ok := s.Fetcher.(fetcher.HostFetcher); ok {
				s.Host.Scratch = t.TempDir()
				f.SetHost(s.Host)
				defer tidy(t, s.Host.Scratch)
			}
			if err := s.Fetcher.Init(); err != nil {
				t.Fatalf("Init: %v", err)
			}
			row.run(t, s)
		})
	}
}

// program makes bytes that do not compress, different for each n.
func program(n uint64) []byte {
	b := make([]byte, 300<<10+int(n))
	random := rand.NewChaCha8([32]byte{byte(n)})
	random.Read(b)
	return b
}

func untilTaken(t *testing.T, s Source) {
	one := program(1)
	s.Publish(one)
	for range 2 {
		r := offered(t, s.Fetcher)
		whole(t, r, one)
		done(t, r)
	}
	take(t, offered(t, s.Fetcher), one)
	quiet(t, s.Fetcher)
}

func nextRelease(t *testing.T, s Source) {
	for n := range uint64(3) {
		next := program(n)
		s.Publish(next)
		take(t, offered(t, s.Fetcher), next)
		quiet(t, s.Fetcher)
	}
}

func closedEarly(t *testing.T, s Source) {
	one := program(1)
	s.Publish(one)
	r := offered(t, s.Fetcher)
	first(t, r)
	done(t, r)
	take(t, offered(t, s.Fetcher), one)
}

// A consumer that knows the bytes, by a stated digest, does not read them.
func takenUnread(t *testing.T, s Source) {
	s.Publish(program(1))
	r := offered(t, s.Fetcher)
	receipt, ok := r.(fetcher.Receipt)
	if !ok {
		t.Skip("the reader is no fetcher.Receipt")
	}
	done(t, r)
	receipt.Taken()
	quiet(t, s.Fetcher)
	two := program(2)
	s.Publish(two)
	take(t, offered(t, s.Fetcher), two)
}

func cut(t *testing.T, s Source) {
	if s.Cut == nil {
		t.Skip("the source has no Cut")
	}
	one := program(1)
	s.Publish(one)
	s.Cut()
	r := offered(t, s.Fetcher)
	if got, err := io.ReadAll(r); err == nil {
		t.Fatalf("a body that was cut ended without an error after %d of %d bytes", len(got), len(one))
	}
	taken(r) // a consumer's mistake: it must not count
	done(t, r)
	take(t, offered(t, s.Fetcher), one)
	quiet(t, s.Fetcher)
}

func changed(t *testing.T, s Source) {
	if s.Change == nil {
		t.Skip("the source has no Change")
	}
	one, two := program(1), program(2)
	s.Publish(one)
	r := offered(t, s.Fetcher)
	begin := first(t, r)
	s.Change(two)
	rest, err := io.ReadAll(r)
	if got := append(begin, rest...); err == nil && !bytes.Equal(got, one) {
		t.Fatalf("the reader ended without an error, and its %d bytes are not those of the release of %d bytes that it began", len(got), len(one))
	}
	taken(r)
	done(t, r)
	take(t, offered(t, s.Fetcher), two)
	quiet(t, s.Fetcher)
}

func cancelled(t *testing.T, s Source) {
	f := stoppable(t, s)
	one := program(1)
	s.Publish(one)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	refused(t, ctx, f)
	if s.Stall != nil {
		asked, end := s.Stall()
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			select {
			case <-asked:
			case <-time.After(patience):
			}
			cancel()
		}()
		refused(t, ctx, f)
		end()
	}
	take(t, offered(t, s.Fetcher), one)
}

func cancelledRead(t *testing.T, s Source) {
	f := stoppable(t, s)
	one := program(1)
	s.Publish(one)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, err := f.FetchContext(ctx)
	for n := 0; r == nil && err == nil && n < tries; n++ {
		r, err = f.FetchContext(ctx)
	}
	if r == nil || err != nil {
		t.Fatalf("FetchContext = %v, %v; want the release", r, err)
	}
	begin := first(t, r)
	cancel()
	rest, err := io.ReadAll(r)
	if got := append(begin, rest...); err == nil && !bytes.Equal(got, one) {
		t.Fatalf("after its context ended the reader gave %d bytes of %d and io.EOF", len(got), len(one))
	}
	done(t, r)
	take(t, offered(t, s.Fetcher), one)
}

func flooded(t *testing.T, s Source) {
	if s.Flood == nil {
		t.Skip("the source has no Flood")
	}
	s.Flood()
	for range tries {
		r, err := s.Fetcher.Fetch()
		if err != nil {
			return
		}
		if r == nil {
			continue
		}
		defer done(t, r)
		if n, err := io.Copy(io.Discard, r); err == nil {
			t.Fatalf("%d bytes came, more than the bound, without an error", n)
		}
		return
	}
	t.Fatal("nothing was offered and nothing refused")
}

func again(t *testing.T, s Source) {
	if s.Again == nil {
		t.Skip("the source has no Again")
	}
	one := program(1)
	s.Again(one)
	r := offered(t, s.Fetcher)
	got, err := io.ReadAll(r)
	taken(r)
	done(t, r)
	if !errors.Is(err, fetcher.ErrAgain) {
		t.Fatalf("the way that fails gave %d bytes and %v; want an error that matches fetcher.ErrAgain", len(got), err)
	}
	r, err = s.Fetcher.Fetch()
	if err != nil || r == nil {
		t.Fatalf("Fetch = %v, %v after fetcher.ErrAgain; want the release, at once", r, err)
	}
	take(t, r, one)
	quiet(t, s.Fetcher)
}

// tidy wants that nothing is left in a directory.
func tidy(t *testing.T, dir string) {
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left in the host's scratch directory: %v, %v; want nothing", left, err)
	}
}

func stoppable(t *testing.T, s Source) fetcher.ContextFetcher {
	t.Helper()
	f, ok := s.Fetcher.(fetcher.ContextFetcher)
	if !ok {
		t.Skip("the fetcher is no fetcher.ContextFetcher")
	}
	return f
}

// refused wants FetchContext to return, and with the error of ctx.
func refused(t *testing.T, ctx context.Context, f fetcher.ContextFetcher) {
	t.Helper()
	type answer struct {
		r   io.Reader
		err error
	}
	answered := make(chan answer, 1)
	go func() {
		for {
			r, err := f.FetchContext(ctx)
			if r != nil || err != nil {
				answered <- answer{r, err}
				return
			}
		}
	}()
	select {
	case a := <-answered:
		if a.r != nil || !errors.Is(a.err, context.Canceled) {
			t.Fatalf("FetchContext = %v, %v; want no reader and context.Canceled", a.r, a.err)
		}
	case <-time.After(2 * patience):
		t.Fatalf("FetchContext did not return within %v", 2*patience)
	}
}
