package tuf_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
	"github.com/seed-3d078585/overseer/trust/tuf"
)

// From the source to the digest: what a repository lists passes, and anything
// else fails by what it claims, or by what arrives.
func TestCheck(t *testing.T) {
	s := newSite(t)
	s.release(app, two)
	for _, row := range []struct {
		name    string
		body    []byte
		claim   release.Candidate
		refused error // by Check
		differs bool  // what arrives
	}{
		{name: "listed", body: two},
		{name: "listed, with the right claims", body: two, claim: release.Candidate{Digest: sha256.Sum256(two), Size: int64(len(two))}},
		{name: "another digest is claimed", body: one, claim: release.Candidate{Digest: sha256.Sum256(one)}, refused: trust.ErrContradiction},
		{name: "another length is claimed", body: one, claim: release.Candidate{Size: int64(len(one))}, refused: trust.ErrContradiction},
		{name: "other bytes, nothing is claimed", body: one, differs: true},
		{name: "one bit", body: append([]byte{two[0] ^ 1}, two[1:]...), differs: true},
		{name: "cut", body: two[:len(two)-1], differs: true},
		{name: "more", body: append(bytes.Clone(two), 0), differs: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			row.claim.Body, row.claim.Source = bytes.NewReader(row.body), "test source"
			verified, err := trust.Check(t.Context(), s.start(), row.claim)
			if !errors.Is(err, row.refused) || (err != nil) != (row.refused != nil) {
				t.Fatalf("Check = %v; want %v", err, row.refused)
			}
			if err != nil {
				return
			}
			c := verified.Candidate()
			arrived, err := io.ReadAll(c.Body)
			if err != nil {
				t.Fatal(err)
			}
			if differs := c.Digest != sha256.Sum256(arrived); differs != row.differs {
				t.Errorf("%q arrived for digest %s: differs is %t; want %t", arrived, c.Digest.Short(), differs, row.differs)
			}
			if verified.By() != "tuf" || verified.Insecure() || c.Size != int64(len(two)) {
				t.Errorf("by %q, insecure %t, %d bytes", verified.By(), verified.Insecure(), c.Size)
			}
		})
	}
}

func TestCheckNamesThePolicy(t *testing.T) {
	s := newSite(t)
	_, err := trust.Check(t.Context(), s.start(), s.candidate())
	if !errors.Is(err, tuf.ErrUnreachable) || !strings.Contains(err.Error(), `policy "tuf" refuses it`) {
		t.Fatalf("Check = %v", err)
	}
}

// This module uses public packages only.
func TestImports(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.Lines(string(out)) {
		if strings.HasPrefix(name, "github.com/seed-3d078585/overseer/internal/") {
			t.Errorf("%s is imported", strings.TrimSpace(name))
		}
	}
}
