//go:build linux

package overseer_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// These are the places where people put binaries.

// TestServiceInAPlaceThatCannotBeWritten starts, serves and restarts there, and
// says why it does not upgrade.
func TestServiceInAPlaceThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		options func(t *testing.T) []option
		says    []string
	}{
		{"a directory of mode 0555", func(t *testing.T) []option {
			return []option{asNobody(t), func(s *service) {
				if err := os.Chmod(s.Dir, 0o555); err != nil {
					t.Fatal(err)
				}
			}}
		}, []string{"not writable"}},
		{"a filesystem mounted read-only", func(t *testing.T) []option {
			dir := tmpfs(t, 0, "size=64m")
			writeRelease(t, filepath.Join(dir, "app"), plan{Version: "1"})
			if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
				t.Fatal(err)
			}
			return []option{inDir(dir)}
		}, []string{"mounted read-only", "ReadWritePaths="}},
		{"a state directory that others may write", func(t *testing.T) []option {
			dir := filepath.Join(t.TempDir(), "state")
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			os.Chmod(dir, 0o777)
			return []option{env("TEST_STATE_DIR", dir)}
		}, []string{"others may write", "chmod go-w"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			next := filepath.Join(t.TempDir(), "next")
			writeRelease(t, next, plan{Version: "2"})
			s := startService(t, placed, append(c.options(t), env("TEST_NEXT", next))...)
			s.live(1)
			s.await(1, append(c.says, "upgrading is not possible")...)
			s.restart()
			s.restart()
			if got := request(t, "tcp", s.Address()); got != "version 1\n" {
				t.Errorf("answer %q, want version 1", got)
			}
			if n := s.count("upgrading is not possible"); n != 1+s.count("level=DEBUG", "upgrading is not possible") {
				t.Errorf("the reason was logged %d times, want once", n)
			}
			s.stop()
		})
	}
}

// TestUpgradeNeedsNothingOfTheHost takes away, one at a time, what other ways of
// upgrading need.
func TestUpgradeNeedsNothingOfTheHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		options func(t *testing.T) []option
	}{
		{"no PATH", func(t *testing.T) []option { return []option{env("PATH", "")} }},
		{"no directory for temporary files", func(t *testing.T) []option {
			return []option{env("TMPDIR", "/nonexistent"), env("HOME", "/nonexistent")}
		}},
		{"temporary files on another filesystem", func(t *testing.T) []option {
			return []option{env("TMPDIR", tmpfs(t, 0, "size=4k"))}
		}},
		{"temporary files on a filesystem mounted noexec", func(t *testing.T) []option {
			return []option{env("TMPDIR", tmpfs(t, unix.MS_NOEXEC, "size=64m"))}
		}},
		{"state on another filesystem", func(t *testing.T) []option {
			return []option{env("TEST_STATE_DIR", filepath.Join(tmpfs(t, 0, "size=64m"), "state"))}
		}},
		{"state on a filesystem mounted noexec", func(t *testing.T) []option {
			return []option{env("TEST_STATE_DIR", filepath.Join(tmpfs(t, unix.MS_NOEXEC, "size=64m"), "state"))}
		}},
		{"another working directory", func(t *testing.T) []option {
			return []option{func(s *service) { s.cmd.Dir = "/" }}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, placed, c.options(t)...)
			s.live(1)
			s.restart()
			s.upgrades()
			s.restart()
			s.stop()
		})
	}
}

// TestFullDiskLeavesTheServiceAlone fills the disk that the binary lies on.
func TestFullDiskLeavesTheServiceAlone(t *testing.T) {
	t.Parallel()
	release := releaseBytes(t, plan{Version: "1"})
	size := len(release) + 1<<20 // room for the installed binary and little else
	dir := tmpfs(t, 0, fmt.Sprintf("size=%d", 3*size))
	writeRelease(t, filepath.Join(dir, "app"), plan{Version: "1"})
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 2*size-1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	next := filepath.Join(t.TempDir(), "next")
	s := startService(t, placed, inDir(dir), env("TEST_NEXT", next))
	s.live(1)
	publish(t, next, plan{Version: "2"})
	s.await(1, "no release could be fetched", "no space left on device")
	s.restart()
	if got := request(t, "tcp", s.Address()); got != "version 1\n" {
		t.Errorf("answer %q on a full disk, want version 1", got)
	}
	if got, err := os.ReadFile(s.Binary); err != nil || !bytes.Equal(got, release) {
		t.Errorf("the installed binary has changed (%d bytes, %v), want it whole", len(got), err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	s.await(1, "msg=committed")
	if got := request(t, "tcp", s.Address()); got != "version 2\n" {
		t.Errorf("answer %q once there was room, want version 2", got)
	}
	s.stop()
}

// TestTwentyServicesShareABinary starts them at once, with a fetcher each.
func TestTwentyServicesShareABinary(t *testing.T) {
	t.Parallel()
	services := 20
	if testing.Short() {
		services = 5
	}
	dir := t.TempDir()
	writeRelease(t, filepath.Join(dir, "app"), plan{Version: "1"})
	var all []*service
	for range services {
		all = append(all, startService(t, web, inDir(dir), env("TEST_PROBATION", "100ms")))
	}
	for _, s := range all {
		s.live(1)
	}
	publish(t, all[0].Next, plan{Version: "2"})
	for i, s := range all {
		eventually(t, fmt.Sprintf("service %d runs version 2", i), func() bool {
			got, err := tryGet(s.Address(), "/")
			if err != nil {
				t.Fatalf("service %d: %v", i, err)
			}
			return got == "version 2\n"
		})
	}
	for _, s := range all {
		s.await(1, "msg=committed")
		s.await(1, "msg=gone", "generation=1 ")
	}
	for _, s := range all {
		s.restart()
		s.stop()
	}
	installed, err := os.ReadFile(all[0].Binary)
	if err != nil || !bytes.Equal(installed, releaseBytes(t, plan{Version: "2"})) {
		t.Errorf("the installed binary is not version 2 (%d bytes, %v)", len(installed), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if got := strings.Join(left, " "); got != ".app.overseer app next" {
		t.Errorf("the directory holds %q, want the binary, its state and what is published", got)
	}
}
