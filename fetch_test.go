//go:build unix

package overseer_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
)

var (
	fetches       = fetching("fetches", func(*overseer.Config) {})
	fetchesSlowly = fetching("fetches slowly", func(c *overseer.Config) { c.MinFetchInterval = 200 * time.Millisecond })
	fetchBlocks   = obeying("fetch blocks", func(c *overseer.Config) {
		c.Fetcher = fetcher.Func(func() (io.Reader, error) { select {} })
	})
	fetchPanics = obeying("fetch panics", func(c *overseer.Config) {
		c.Fetcher = fetcher.Func(func() (io.Reader, error) { panic("on purpose") })
	})
	initFails  = obeying("init fails", func(c *overseer.Config) { c.Fetcher = faultyInit{func() error { return errors.New("no credentials") }} })
	initPanics = obeying("init panics", func(c *overseer.Config) { c.Fetcher = faultyInit{func() error { panic("on purpose") }} })
	initBlocks = obeying("init blocks", func(c *overseer.Config) { c.Fetcher = faultyInit{func() error { select {} }} })
)

// faultyInit is a fetcher that cannot be set up.
type faultyInit struct{ init func() error }

func (f faultyInit) Init() error               { return f.init() }
func (f faultyInit) Fetch() (io.Reader, error) { return nil, errors.New("fetched without Init") }

// Whatever a source does, the service starts, restarts and stops as if it had
// none.
func TestSourceHoldsUpNothing(t *testing.T) {
	t.Parallel()
	blackHole, err := net.Listen("tcp", "127.0.0.1:0") // connects and never answers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { blackHole.Close() })
	for _, row := range []struct {
		name    string
		program string
		says    []string // in the log, exactly once
	}{
		{"a black hole", fetches, nil},
		{"Fetch blocks for ever", fetchBlocks, nil},
		{"Fetch panics", fetchPanics, []string{"level=WARN", "no release could be fetched", "Fetch panicked: on purpose"}},
		{"Init fails", initFails, []string{"level=ERROR", "upgrades are off", "no credentials"}},
		{"Init panics", initPanics, []string{"level=ERROR", "upgrades are off", "panicked: on purpose"}},
		{"Init blocks for ever", initBlocks, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, row.program, env("TEST_URL", "http://"+blackHole.Addr().String()+"/app"))
			began := time.Now()
			s.live(1)
			if row.says != nil {
				s.await(1, row.says...)
			}
			for range 3 {
				s.restart()
			}
			s.stop()
			if apart := s.count("fetching in a process of its own") > 0; apart != (row.program == fetches) {
				t.Errorf("fetched in a process of its own: %v; a function of the program's stays in the master", apart)
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("start, restarts and stop took %v", took)
			}
			if row.says != nil && s.count(row.says...) != 1 {
				t.Errorf("%q was said %d times, want once", row.says, s.count(row.says...))
			}
		})
	}
}

// The same bytes are downloaded once, however often the source is asked: those
// that are installed already, and those of a release.
func TestSameBytesAreDownloadedOnce(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	src.bytes = releaseBytes(t, plan{Version: "1"})
	s := startService(t, fetches, env("TEST_URL", src.URL), installed(plan{Version: "1"}))
	s.live(1)
	same := func(s *source) int { return s.same }
	eventually(t, "20 polls without a download", func() bool { return src.get(same) >= 20 })
	src.set(func(src *source) { src.bytes = releaseBytes(t, plan{Version: "2"}) })
	s.await(1, "msg=committed")
	before := src.get(same)
	eventually(t, "20 more polls without a download", func() bool { return src.get(same) >= before+20 })
	if n := src.get(func(s *source) int { return s.whole + s.ranges }); n != 2 {
		t.Errorf("%d downloads of two binaries, want 2", n)
	}
	if n := s.count("level=WARN", "releases are not verified"); n != 1 {
		t.Errorf("%d warnings about unverified releases, want 1", n)
	}
	installedIs(t, s, plan{Version: "2"})
	s.stop()
}

func TestBrokenDownloadIsResumed(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	src.bytes, src.cut = releaseBytes(t, plan{Version: "2"}), 1
	s := startService(t, fetches, env("TEST_URL", src.URL))
	s.await(1, "msg=committed")
	if whole, rest := src.get(func(s *source) int { return s.whole }), src.get(func(s *source) int { return s.ranges }); whole != 1 || rest != 1 {
		t.Errorf("%d answers from the first byte and %d of the rest, want 1 and 1", whole, rest)
	}
	installedIs(t, s, plan{Version: "2"})
	s.stop()
}

// A server that is down is told of once; when it is back, the release comes.
func TestSourceThatIsDownIsToldOnceAndComesBack(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	src.down = true
	s := startService(t, fetches, env("TEST_URL", src.URL))
	s.live(1)
	eventually(t, "5 failures", func() bool { return src.get(func(s *source) int { return len(s.calls) }) >= 5 })
	src.set(func(src *source) { src.down, src.bytes = false, releaseBytes(t, plan{Version: "2"}) })
	s.await(1, "fetching works again")
	s.await(1, "msg=committed")
	if n := s.count("level=WARN", "no release could be fetched"); n != 1 {
		t.Errorf("one cause was warned about %d times, want once", n)
	}
	s.stop()
}

func TestMinFetchIntervalBoundsThePace(t *testing.T) {
	t.Parallel()
	src := newSource(t)
	src.bytes = releaseBytes(t, plan{Version: "1"})
	s := startService(t, fetchesSlowly, env("TEST_URL", src.URL), installed(plan{Version: "1"}))
	const calls = 6
	eventually(t, "6 calls", func() bool { return src.get(func(s *source) int { return len(s.calls) }) >= calls })
	src.set(func(src *source) {
		if took := src.calls[calls-1].Sub(src.calls[0]); took < (calls-2)*200*time.Millisecond {
			t.Errorf("%d calls in %v, want one each 200ms at most", calls, took)
		}
	})
	s.stop()
}

func TestPackedReleaseIsUnpacked(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestSpeed) // the level is valid
	z.Write(releaseBytes(t, plan{Version: "2"}))
	z.Close()
	src := newSource(t)
	src.bytes = packed.Bytes()
	s := startService(t, fetches, env("TEST_URL", src.URL+".gz"))
	s.await(1, "msg=committed")
	installedIs(t, s, plan{Version: "2"})
	s.stop()
}

// Of releases that follow each other fast, the last one ends up installed.
func TestLastOfTwoReleasesIsInstalled(t *testing.T) {
	t.Parallel()
	s := startService(t, restartsByOrder)
	s.live(1)
	publish(t, s.Next, plan{Version: "2"})
	s.await(1, "msg=starting", "generation=2")
	publish(t, s.Next, plan{Version: "3"})
	s.until("version 3 is committed", func() bool { return s.count("msg=committed") == 2 })
	installedIs(t, s, plan{Version: "3"})
	if n := s.count("releases are not verified"); n != 0 {
		t.Errorf("%d warnings about releases from the user's own file, want 0", n)
	}
	s.stop()
}

// A restart asked for during an upgrade is done after it, and a release that
// comes during a restart is tried after that.
func TestRestartAndUpgradeDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	t.Run("restart during an upgrade", func(t *testing.T) {
		t.Parallel()
		s := startService(t, restartsByOrder)
		s.live(1)
		load := startLoad(t, s, 0, 4)
		publish(t, s.Next, plan{Version: "2"})
		s.await(1, "msg=starting", "generation=2")
		s.Signal(syscall.SIGUSR2)
		s.await(1, "msg=remembered")
		s.await(1, "msg=committed")
		s.await(1, "msg=gone", "generation=2")
		if got := ask(t, s, "/"); got != "version 2 generation 3" {
			t.Errorf("%q answers, want version 2 generation 3", got)
		}
		noLoss(t, load)
		s.stop()
	})
	t.Run("upgrade during a restart", func(t *testing.T) {
		t.Parallel()
		s := startService(t, restartsByOrder)
		s.live(1)
		load := startLoad(t, s, 0, 4)
		writeRelease(t, s.Next+".new", plan{Version: "2"})
		s.Signal(syscall.SIGUSR2)
		s.await(1, "msg=starting", "generation=2")
		if err := syscall.Rename(s.Next+".new", s.Next); err != nil {
			t.Fatal(err)
		}
		s.await(1, "msg=committed")
		s.await(1, "msg=gone", "generation=2")
		if got := ask(t, s, "/"); got != "version 2 generation 3" {
			t.Errorf("%q answers, want version 2 generation 3", got)
		}
		noLoss(t, load)
		s.stop()
	})
}
