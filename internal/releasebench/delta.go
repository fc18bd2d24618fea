package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/seed-3d078585/overseer/delta"
)

// deltas measures the making of a program from the one before and a patch.
func deltas(ctx context.Context, page *strings.Builder, _ string, quick bool) error {
	rounds := 9
	old, err := ownBinary()
	if err != nil {
		return err
	}
	if quick {
		old, rounds = old[:4<<20], 3
	}
	program := slices.Concat(old[:len(old)/2], []byte("a few bytes that were not there before, so that the rest moves"), old[len(old)/2:])
	var patch bytes.Buffer
	if _, err := delta.Diff(ctx, &patch, old, program); err != nil {
		return err
	}
	var ours, theirs, ratios []float64
	for range rounds {
		a, err := rate(func() (int64, error) { return io.Copy(sha256.New(), bytes.NewReader(program)) })
		if err != nil {
			return err
		}
		b, err := rate(func() (int64, error) {
			r, err := delta.NewReader(bytes.NewReader(old), int64(len(old)), bytes.NewReader(patch.Bytes()), int64(patch.Len()), int64(len(program)))
			if err != nil {
				return 0, err
			}
			defer r.Close()
			return io.Copy(io.Discard, r)
		})
		if err != nil {
			return err
		}
		theirs, ours, ratios = append(theirs, a), append(ours, b), append(ratios, b/a)
	}
	fmt.Fprintf(page, "## Applying a delta\n\nThis benchmark's own binary, %.1f MB, with 62 bytes put into its middle: a patch of %d bytes. docs/delta.md has the sizes of real pairs.\n\n| | MB/s of output, median |\n|---|---|\n| SHA-256 of the same bytes | %.0f |\n| the delta applied | %.0f |\n| **ratio**, %d pairs | **%.2f** (%.2f to %.2f) |\n\n",
		float64(len(program))/1e6, patch.Len(), median(theirs), median(ours), rounds, median(ratios), slices.Min(ratios), slices.Max(ratios))
	return nil
}

func ownBinary() ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return os.ReadFile(self)
}
