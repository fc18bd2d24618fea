package fetcher_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/release"
)

// An installed program counts how often it is open.
type installed struct {
	program []byte
	digest  release.Digest
	opened  int
	open    int
	err     error
}

func (i *installed) get(context.Context) (fetcher.Installed, error) {
	if i.err != nil {
		return fetcher.Installed{}, i.err
	}
	i.opened++
	i.open++
	return fetcher.Installed{
		ReaderAt: bytes.NewReader(i.program), Closer: i, Size: int64(len(i.program)), Digest: i.digest,
	}, nil
}

func (i *installed) Close() error { i.open--; return nil }

func TestDelta(t *testing.T) {
	old, program := versions(200_000)
	other := noise(1000)
	for _, row := range []struct {
		name    string
		change  func(s *shelf, a *release.Artifact, i *installed, f *fetcher.Manifest)
		whole   bool   // it is the whole program that comes, in the same Read
		remarks string // "" : none
	}{
		{name: "good"},
		{name: "not known what is installed", whole: true, change: func(_ *shelf, _ *release.Artifact, _ *installed, f *fetcher.Manifest) {
			f.SetHost(fetcher.Host{})
		}},
		{name: "another program is installed", whole: true, change: func(_ *shelf, _ *release.Artifact, i *installed, _ *fetcher.Manifest) {
			i.program, i.digest = other, sum(other)
		}},
		{name: "not wanted", whole: true, change: func(_ *shelf, _ *release.Artifact, _ *installed, f *fetcher.Manifest) { f.NoDelta = true }},
		{name: "larger than the whole", whole: true, change: func(_ *shelf, a *release.Artifact, _ *installed, _ *fetcher.Manifest) {
			a.Deltas[0].Size = 1 << 20
		}},
		{
			name: "the installed program cannot be opened", whole: true, remarks: "open the installed program: no such luck",
			change: func(_ *shelf, _ *release.Artifact, i *installed, _ *fetcher.Manifest) {
				i.err = errors.New("no such luck")
			},
		},
		{
			name: "gone", whole: true, remarks: "404",
			change: func(s *shelf, a *release.Artifact, _ *installed, _ *fetcher.Manifest) {
				s.set(a.Deltas[0].URLs[0], nil)
			},
		},
		{
			name: "damaged", whole: true, remarks: "other bytes came than the manifest names",
			change: func(s *shelf, a *release.Artifact, _ *installed, _ *fetcher.Manifest) {
				s.set(a.Deltas[0].URLs[0], make([]byte, a.Deltas[0].Size))
			},
		},
		{
			name: "shorter than stated", whole: true, remarks: "the manifest states",
			change: func(s *shelf, a *release.Artifact, _ *installed, _ *fetcher.Manifest) {
				s.set(a.Deltas[0].URLs[0], make([]byte, a.Deltas[0].Size-1))
			},
		},
		{
			name: "no patch at all", whole: true, remarks: "not a patch",
			change: func(s *shelf, a *release.Artifact, _ *installed, _ *fetcher.Manifest) {
				junk := bytes.Repeat([]byte("junk"), 100)
				s.set(a.Deltas[0].URLs[0], junk)
				a.Deltas[0].Size, a.Deltas[0].Digest = int64(len(junk)), sum(junk)
			},
		},
		{
			name: "of another length", whole: true, remarks: "the delta from",
			change: func(s *shelf, a *release.Artifact, i *installed, _ *fetcher.Manifest) { i.program = i.program[:1000] },
		},
		{
			name: "the first of two is gone, the mirror has it",
			change: func(_ *shelf, a *release.Artifact, _ *installed, _ *fetcher.Manifest) {
				a.Deltas[0].URLs = []string{"deltas/gone", a.Deltas[0].URLs[0]}
			},
		},
		{
			name: "the first mirror is damaged",
			change: func(s *shelf, a *release.Artifact, _ *installed, _ *fetcher.Manifest) {
				s.set("deltas/bad", make([]byte, a.Deltas[0].Size))
				a.Deltas[0].URLs = []string{"deltas/bad", a.Deltas[0].URLs[0]}
			},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newShelf()
			a := s.artifact(program, release.Zstd)
			s.delta(t, &a, old, program)
			i := &installed{program: old, digest: sum(old)}
			onShelf(t, s, func(t *testing.T, f *fetcher.Manifest) {
				scratch := t.TempDir()
				f.SetHost(fetcher.Host{Installed: i.get, Scratch: scratch})
				if row.change != nil {
					row.change(s, &a, i, f)
				}
				s.publish(a)
				r := offered(t, f)
				if i.opened != 0 {
					t.Error("the installed program was opened before the first Read")
				}
				s.log()
				got, err := readAll(t, r)
				if err != nil || !bytes.Equal(got, program) {
					t.Fatalf("read %d bytes and %v; want the program", len(got), err)
				}
				if log := s.log(); slices.Contains(log, a.URLs[0]) != row.whole {
					t.Errorf("these were asked for: %q; want the whole: %v", log, row.whole)
				}
				remarks := strings.Join(r.(fetcher.Remarker).Remarks(), "\n")
				if (remarks == "") != (row.remarks == "") || !strings.Contains(remarks, row.remarks) {
					t.Errorf("remarks are %q; want %q", remarks, row.remarks)
				}
				if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 || i.open != 0 {
					t.Errorf("left behind: %v (%v), %d times the installed program open", left, err, i.open)
				}
				r.(fetcher.Receipt).Taken()
				wantNothing(t, f)
			})
		})
	}
}

// A delta whose result shows to be wrong only after bytes were handed out: the
// Read says so, and the next fetch is of the whole, at once.
func TestDeltaFailsLate(t *testing.T) {
	old, program := versions(2 << 20)
	s := newShelf()
	a := s.artifact(program, release.Zstd)
	s.delta(t, &a, old, program)
	s.publish(a)
	wrong := slices.Clone(old)
	wrong[len(wrong)-1]++
	i := &installed{program: wrong, digest: sum(old)} // rots on the disk
	onShelf(t, s, func(t *testing.T, f *fetcher.Manifest) {
		f.SetHost(fetcher.Host{Installed: i.get, Scratch: t.TempDir()})
		r := offered(t, f)
		got, err := readAll(t, r)
		if !errors.Is(err, fetcher.ErrAgain) {
			t.Fatalf("read %d bytes and %v; want ErrAgain", len(got), err)
		}
		wantSays(t, err, "the delta from "+sum(old).Short()+" to "+a.Digest.Short()+" failed")
		wantSays(t, err, "the whole program comes next")
		r.(fetcher.Receipt).Taken() // does nothing
		if took := wantWhole(t, f, program); took != 0 {
			t.Errorf("the whole came after %v; want at once", took)
		}
		if i.opened != 1 || i.open != 0 {
			t.Errorf("opened %d times, open %d; want once and closed", i.opened, i.open)
		}
		if took := wantNothing(t, f); took != 5*time.Minute {
			t.Errorf("the look after it came after %v; want 5m0s", took)
		}
	})
}

// A delta that could not be had for what may pass is tried again.
func TestDeltaTriedAgain(t *testing.T) {
	old, program := versions(100_000)
	s := newShelf()
	a := s.artifact(program, release.Zstd)
	s.delta(t, &a, old, program)
	s.publish(a)
	i := &installed{program: old, digest: sum(old)}
	s.deny = func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.URL.Path, "/deltas/") {
			w.WriteHeader(http.StatusBadGateway)
			return true
		}
		return false
	}
	onShelf(t, s, func(t *testing.T, f *fetcher.Manifest) {
		f.SetHost(fetcher.Host{Installed: i.get, Scratch: t.TempDir()})
		if got, err := readAll(t, offered(t, f)); err != nil || !bytes.Equal(got, program) {
			t.Fatalf("read %d bytes and %v; want the program", len(got), err)
		}
		s.deny = nil
		s.log()
		if got, err := readAll(t, offered(t, f)); err != nil || !bytes.Equal(got, program) {
			t.Fatalf("read %d bytes and %v; want the program", len(got), err)
		}
		if log := s.log(); slices.Contains(log, a.URLs[0]) {
			t.Errorf("the whole was fetched, though the delta is there again: %q", log)
		}
	})
}

// Close ends a Read that is under way, and its context ends it too.
func TestManifestReadEnds(t *testing.T) {
	for name, end := range map[string]func(r io.Reader, cancel context.CancelFunc){
		"by Close":   func(r io.Reader, _ context.CancelFunc) { r.(io.Closer).Close() },
		"by context": func(_ io.Reader, cancel context.CancelFunc) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf()
			a := s.artifact(noise(1000), release.Zip)
			s.publish(a)
			var asked chan struct{}
			s.deny = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasPrefix(r.URL.Path, "/programs/") {
					return false
				}
				close(asked)
				<-r.Context().Done()
				return true
			}
			inBubble(t, s.ServeHTTP, func(t *testing.T, client *http.Client) {
				asked = make(chan struct{})
				f := &fetcher.Manifest{URL: "http://releases/stable.json", Client: client}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				r, err := f.FetchContext(ctx)
				if err != nil {
					t.Fatal(err)
				}
				done := make(chan error, 1)
				begin := time.Now()
				go func() { _, err := r.Read(make([]byte, 1)); done <- err }()
				<-asked
				end(r, cancel)
				if err := <-done; err == nil || time.Since(begin) != 0 {
					t.Errorf("Read ended with %v after %v; want an error at once", err, time.Since(begin))
				}
				r.(io.Closer).Close()
			})
		})
	}
}
