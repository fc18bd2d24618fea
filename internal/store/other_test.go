//go:build !unix

package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

func TestUnsupported(t *testing.T) {
	target := filepath.Join(t.TempDir(), "app")
	if err := os.WriteFile(target, []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := Open(target, "")
	if err != nil {
		t.Fatal(err)
	}
	v, err := trust.Check(t.Context(), trust.Insecure(), release.Candidate{Body: bytes.NewReader([]byte("new"))})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Stage(t.Context(), v, 0)
	for name, err := range map[string]error{"CanUpgrade": s.CanUpgrade(), "Stage": err} {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s = %v; want errors.ErrUnsupported", name, err)
		}
	}
}
