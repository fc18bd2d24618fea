//go:build unix

package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/internal/durable/durabletest"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// children are what the test binary does when it is started by a test.
var children = map[string]func(args []string) error{}

func TestMain(m *testing.M) {
	if name := os.Getenv("STORE_TEST_CHILD"); name != "" {
		if err := children[name](os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child is the test binary, about to run one of children.
func child(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	if children[name] == nil {
		t.Fatalf("no child %q", name)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, args...)
	cmd.Env = append(os.Environ(), "STORE_TEST_CHILD="+name, "GORACE=atexit_sleep_ms=0")
	return cmd
}

// newTarget makes a directory with an installed program "app" in it.
func newTarget(t *testing.T, content []byte) string {
	t.Helper()
	target := filepath.Join(t.TempDir(), "app")
	must(t, os.WriteFile(target, content, 0o755))
	return target
}

func open(t *testing.T, target string, opts ...Option) *Store {
	t.Helper()
	s, err := Open(target, "", opts...)
	must(t, err)
	return s
}

func verified(t testing.TB, c release.Candidate) trust.Verified {
	t.Helper()
	v, err := trust.Check(context.Background(), trust.Insecure(), c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func bytesOf(t testing.TB, content []byte) trust.Verified {
	return verified(t, release.Candidate{Body: bytes.NewReader(content), Source: "test"})
}

func stage(t *testing.T, s *Store, content []byte) *Staged {
	t.Helper()
	st, err := s.Stage(t.Context(), bytesOf(t, content), 0)
	must(t, err)
	t.Cleanup(func() { st.Discard() })
	return st
}

func sum(content []byte) release.Digest { return sha256.Sum256(content) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustIs(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v; want one that matches %v", err, want)
	}
}

// files lists a directory and the state directory in it, sorted, with the
// random part of names cut off.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, durabletest.CutRandom(rel))
		}
		return err
	})
	must(t, err)
	slices.Sort(names)
	return names
}

func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Fatalf("files are %q; want %q", got, want)
	}
}

func wantContent(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Fatalf("%q holds %.40q; want %.40q", path, got, want)
	}
}

// life is a whole upgrade.
func life(s *Store, content []byte) error {
	ctx := context.Background()
	v, err := verifiedBytes(content)
	if err != nil {
		return err
	}
	st, err := s.Stage(ctx, v, 0)
	if err != nil {
		return err
	}
	defer st.Discard()
	if err := s.BeginTrial(st); err != nil {
		return err
	}
	_, err = s.Install(ctx, st)
	return err
}

func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("skipped: only root may do this (mount, chown, setcap)")
	}
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { clear(p); return len(p), nil }

var _ io.Reader = endless{}

func replaceDigest(s string, contents ...[]byte) string {
	for i, c := range contents {
		s = strings.ReplaceAll(s, sum(c).Short(), fmt.Sprintf("D%d", i+1))
	}
	return s
}

func verifiedBytes(content []byte) (trust.Verified, error) {
	return trust.Check(context.Background(), trust.Insecure(), release.Candidate{Body: bytes.NewReader(content), Source: "test"})
}
