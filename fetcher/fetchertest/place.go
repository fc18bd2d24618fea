package fetchertest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
)

// A Shelf is a place under test and what puts files there.
type Shelf struct {
	Place fetcher.Place

	// Put makes a file, or replaces it as a publisher would. What was put is
	// there when it returns.
	Put func(name string, data []byte)

	// Stall makes the place take questions and not answer them, as that of
	// [Source] does. Optional.
	Stall func() (asked <-chan struct{}, end func())
}

// TestPlace runs the suite for a [fetcher.Place]. newShelf is called once for
// each test of it, and cleans up with t.Cleanup.
func TestPlace(t *testing.T, newShelf func(t *testing.T) Shelf) {
	for _, row := range []struct {
		name string
		run  func(*testing.T, Shelf)
	}{
		{"a file comes whole", placeWhole},
		{"what is not there is not there", placeMissing},
		{"names that are none are refused", placeNames},
		{"a file that the caller has is not sent", placeUnless},
		{"a file is read from the middle", placeOffset},
		{"two versions are not mixed", placeVersions},
		{"an open that is cancelled returns", placeCancelled},
		{"a read that is cancelled ends", placeCancelledRead},
	} {
		t.Run(row.name, func(t *testing.T) { row.run(t, newShelf(t)) })
	}
}

func open(t *testing.T, s Shelf, want fetcher.Want) *fetcher.Found {
	t.Helper()
	found, err := s.Place.Open(t.Context(), want)
	if err != nil {
		t.Fatalf("Open(%+v): %v", want, err)
	}
	t.Cleanup(func() { found.Body.Close() })
	return found
}

// contents reads a file to its end and checks what was said of it.
func contents(t *testing.T, found *fetcher.Found, want []byte) {
	t.Helper()
	if found.Size != -1 && found.Size != int64(len(want)) {
		t.Errorf("Found.Size is %d; want %d, the whole file's, or -1", found.Size, len(want))
	}
	got, err := io.ReadAll(found.Body)
	if err != nil || found.Offset > int64(len(want)) || !bytes.Equal(got, want[found.Offset:]) {
		t.Errorf("from byte %d on, %d bytes came, and %v; want the rest of %d", found.Offset, len(got), err, len(want))
	}
	if err := found.Body.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func placeWhole(t *testing.T, s Shelf) {
	for name, data := range map[string][]byte{
		"stable.json": []byte("{}"), "signatures/abc.minisig": []byte("sig"), "a/b/c d+e": program(1), "empty": {},
	} {
		s.Put(name, data)
		found := open(t, s, fetcher.Want{Name: name})
		if found.Offset != 0 {
			t.Errorf("%q: Found.Offset is %d; want 0", name, found.Offset)
		}
		contents(t, found, data)
	}
	if s.Place.String() == "" {
		t.Error("String is empty: it names the place in messages")
	}
}

func placeMissing(t *testing.T, s Shelf) {
	s.Put("stable.json", []byte("{}"))
	for _, name := range []string{"beta.json", "signatures/abc.minisig", "stable.json.minisig"} {
		found, err := s.Place.Open(t.Context(), fetcher.Want{Name: name})
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Open(%q) = %v, %v; want fs.ErrNotExist", name, found, err)
		}
	}
}

func placeNames(t *testing.T, s Shelf) {
	s.Put("stable.json", []byte("{}"))
	for _, name := range []string{"", ".", "..", "../stable.json", "/stable.json", "a/../stable.json", "./stable.json"} {
		if found, err := s.Place.Open(t.Context(), fetcher.Want{Name: name}); err == nil {
			found.Body.Close()
			t.Errorf("Open(%q) gave a file; want an error", name)
		}
	}
}

func placeUnless(t *testing.T, s Shelf) {
	one, two := []byte("one"), []byte("two")
	s.Put("stable.json", one)
	found := open(t, s, fetcher.Want{Name: "stable.json"})
	contents(t, found, one)
	if found.Version == "" {
		t.Log("the place states no version: each look will read the file")
		return
	}
	again, err := s.Place.Open(t.Context(), fetcher.Want{Name: "stable.json", Unless: found.Version})
	if err == nil { // one that cannot tell
		contents(t, again, one)
	} else if !errors.Is(err, fetcher.ErrNotModified) {
		t.Errorf("Open of the version that the caller has: %v; want ErrNotModified, or the file", err)
	}
	s.Put("stable.json", two)
	contents(t, open(t, s, fetcher.Want{Name: "stable.json", Unless: found.Version}), two)
}

func placeOffset(t *testing.T, s Shelf) {
	data := program(1)
	s.Put("programs/app", data)
	version := open(t, s, fetcher.Want{Name: "programs/app"}).Version
	for _, offset := range []int64{1, int64(len(data) / 2), int64(len(data) - 1)} {
		for _, version := range []string{"", version} {
			found := open(t, s, fetcher.Want{Name: "programs/app", Offset: offset, Version: version})
			if found.Offset != offset && found.Offset != 0 {
				t.Errorf("Found.Offset is %d; want %d, or 0 where that cannot be", found.Offset, offset)
			}
			contents(t, found, data)
		}
	}
}

func placeVersions(t *testing.T, s Shelf) {
	one, two := program(1), program(2)
	s.Put("programs/app", one)
	version := open(t, s, fetcher.Want{Name: "programs/app"}).Version
	if version == "" {
		t.Skip("the place states no version here")
	}
	s.Put("programs/app", two)
	found, err := s.Place.Open(t.Context(), fetcher.Want{Name: "programs/app", Offset: 1000, Version: version})
	if err == nil && found.Offset == 0 {
		contents(t, found, two)
		return
	}
	if err == nil {
		found.Body.Close()
	}
	if !errors.Is(err, fetcher.ErrChanged) {
		t.Errorf("Open of the rest of a file that was replaced: %v, %v; want ErrChanged", found, err)
	}
}

func placeCancelled(t *testing.T, s Shelf) {
	s.Put("stable.json", []byte("{}"))
	ctx, cancel := context.WithCancel(t.Context())
	if s.Stall == nil {
		cancel()
	} else {
		asked, end := s.Stall()
		defer end()
		go func() {
			defer cancel()
			select {
			case <-asked:
			case <-time.After(patience):
			}
		}()
	}
	done := make(chan error, 1)
	go func() {
		found, err := s.Place.Open(ctx, fetcher.Want{Name: "stable.json"})
		if err == nil {
			found.Body.Close()
		}
		done <- err
	}()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Open with a context that ended: %v; want context.Canceled", err)
		}
	case <-time.After(2 * patience):
		t.Errorf("Open did not return within %v", 2*patience)
	}
}

func placeCancelledRead(t *testing.T, s Shelf) {
	data := program(1)
	s.Put("programs/app", data)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	found, err := s.Place.Open(ctx, fetcher.Want{Name: "programs/app"})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer found.Body.Close()
	begin := make([]byte, 1)
	if _, err := io.ReadFull(found.Body, begin); err != nil {
		t.Fatalf("read the first byte: %v", err)
	}
	cancel()
	rest, err := io.ReadAll(found.Body)
	if err == nil && !bytes.Equal(append(begin, rest...), data) {
		t.Errorf("after its context ended the body gave %d bytes of %d and io.EOF", len(rest)+1, len(data))
	}
}
