//go:build linux

package overseer_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer"
)

// pointed runs what TEST_EXECFILE names.
var pointed = register("pointed", func() {
	c := webConfig()
	c.ExecFile = os.Getenv("TEST_EXECFILE")
	c.Program = func(s overseer.State) {
		p := readPlan()
		if p.Fault == "exit at start" {
			os.Exit(p.ExitCode)
		}
		announce(s)
		s.Serve(&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "version %s generation %d id %s digest %s path %s", p.Version, s.Generation, s.ID, s.Digest, s.BinPath)
		})})
	}
	overseer.Run(c)
})

// runs fails the test unless the service answers as the release in file.
func (s *service) runs(version string, generation int, file, path string) {
	s.t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	want := fmt.Sprintf("version %s generation %d id %x digest %x path %s", version, generation, sha1.Sum(text), sha256.Sum256(text), path)
	if got := request(s.t, "tcp", s.Address()); got != want {
		s.t.Errorf("answer %q, want %q", got, want)
	}
}

// releases writes releases of their own names into a new directory.
func releases(t *testing.T, plans ...plan) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, p := range plans {
		writeRelease(t, filepath.Join(dir, "v"+p.Version), p)
	}
	return dir
}

func flip(t *testing.T, link, target string) {
	t.Helper()
	if err := os.Symlink(target, link+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(link+".new", link); err != nil {
		t.Fatal(err)
	}
}

// TestMissingExecFileIsAClearError is the slip of an operator.
func TestMissingExecFileIsAClearError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "nothing")
	s := startService(t, pointed, env("TEST_EXECFILE", path))
	if code := s.wait(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	s.says("[overseer] ", "Config.ExecFile", path, "no such file")
}

// TestFlippedLinkIsFollowedAtTheNextRestart deploys by a link named current.
func TestFlippedLinkIsFollowedAtTheNextRestart(t *testing.T) {
	t.Parallel()
	dir := releases(t, plan{Version: "1"}, plan{Version: "2"}, plan{Version: "3", Fault: "exit at start", ExitCode: 7})
	link := filepath.Join(dir, "current")
	flip(t, link, "v1")
	s := startService(t, pointed, env("TEST_EXECFILE", link), env("TEST_PROBATION", "100ms"))
	s.live(1)
	s.runs("1", 1, filepath.Join(dir, "v1"), link)

	flip(t, link, "v2")
	s.Signal(syscall.SIGUSR2)
	s.await(1, "msg=gone", "generation=1 ")
	s.runs("2", 2, filepath.Join(dir, "v2"), link)

	// A release that crashes at start disturbs nobody; flipping back helps.
	flip(t, link, "v3")
	s.Signal(syscall.SIGUSR2)
	s.await(1, "msg=failed", "generation=3 ", "exited with code 7")
	s.runs("2", 2, filepath.Join(dir, "v2"), link)
	flip(t, link, "v1")
	s.Signal(syscall.SIGUSR2)
	s.await(1, "msg=gone", "generation=2 ")
	s.runs("1", 4, filepath.Join(dir, "v1"), link)
	s.stop()
}

// TestUpgradeReplacesWhatALinkPointsTo leaves the link alone.
func TestUpgradeReplacesWhatALinkPointsTo(t *testing.T) {
	t.Parallel()
	dir := releases(t, plan{Version: "1"})
	link, target := filepath.Join(dir, "current"), filepath.Join(dir, "v1")
	flip(t, link, "v1")
	s := startService(t, pointed, env("TEST_EXECFILE", link), env("TEST_PROBATION", "50ms"))
	s.live(1)
	publish(t, s.Next, plan{Version: "2"})
	s.await(1, "msg=committed")
	s.says("link", link, target, "replaced")
	if to, err := os.Readlink(link); err != nil || to != "v1" {
		t.Errorf("the link points to %q (%v), want %q", to, err, "v1")
	}
	want, err := os.ReadFile(s.Next)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(target); err != nil || string(got) != string(want) {
		t.Errorf("the target of the link is not the new release (%d bytes, %v)", len(got), err)
	}
	s.await(1, "msg=gone", "generation=1 ")
	s.runs("2", 2, target, link)
	s.stop()
}

// TestReplacedBinaryRunsAfterARestart deploys by rename and a signal.
func TestReplacedBinaryRunsAfterARestart(t *testing.T) {
	t.Parallel()
	s := startService(t, pointed, env("TEST_PROBATION", "50ms"))
	s.live(1)
	s.runs("1", 1, s.Binary, s.Binary)
	publish(t, s.Binary, plan{Version: "2"})
	s.Signal(syscall.SIGUSR2)
	s.await(1, "msg=gone", "generation=1 ")
	s.runs("2", 2, s.Binary, s.Binary)
	if err := os.Remove(s.Binary); err != nil {
		t.Fatal(err)
	}
	s.Signal(syscall.SIGUSR2)
	s.await(1, "msg=failed", "generation=3 ", s.Binary, "no such file")
	if got := request(t, "tcp", s.Address()); !strings.HasPrefix(got, "version 2 generation 2 ") {
		t.Errorf("answer %q after the binary was removed, want the old generation's", got)
	}
	writeRelease(t, s.Binary, plan{Version: "3"})
	s.Signal(syscall.SIGUSR2)
	s.await(1, "msg=gone", "generation=2 ")
	s.runs("3", 4, s.Binary, s.Binary)
	s.stop()
}

// TestAnotherProgramThanTheMaster is a master that runs somebody else's binary.
func TestAnotherProgramThanTheMaster(t *testing.T) {
	t.Parallel()
	dir := releases(t, plan{Version: "other"})
	other := filepath.Join(dir, "vother")
	s := startService(t, pointed, env("TEST_EXECFILE", other))
	s.live(1)
	s.runs("other", 1, other, other)
	s.restart()
	s.runs("other", 2, other, other)
	s.stop()
}
