package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/trust"
)

// stage brings the channel's program to the disk of a fresh host.
func stage(ctx context.Context, manifest, key, target string) (int64, error) {
	if err := os.WriteFile(target, []byte("installed"), 0o755); err != nil {
		return 0, err
	}
	s, err := store.Open(target, "")
	if err != nil {
		return 0, err
	}
	source := &fetcher.Manifest{URL: manifest}
	if err := source.Init(); err != nil {
		return 0, err
	}
	body, err := source.FetchContext(ctx)
	if err != nil {
		return 0, err
	}
	policy := trust.On(trust.Minisign(key).For("bench", "stable"), trust.Host{Memory: s.Memory()})
	verified, err := trust.Check(ctx, policy, fetcher.Describe(body))
	if err != nil {
		return 0, err
	}
	st, err := s.Stage(ctx, verified, 0)
	if err != nil {
		return 0, err
	}
	return st.Size(), st.Discard()
}

// plain is the least that one would do by hand: copied, hashed, flushed.
func plain(ctx context.Context, url, target string) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	f, err := os.Create(target)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(io.MultiWriter(f, sha256.New()), resp.Body)
	return n, errors.Join(err, f.Sync(), f.Close(), os.Remove(target))
}

// throughput compares the two.
func throughput(ctx context.Context, page *strings.Builder, dir string, quick bool) error {
	size, rounds := 64<<20, 9
	if quick {
		size, rounds = 4<<20, 3
	}
	p, err := newPublisher(filepath.Join(dir, "throughput"))
	if err != nil {
		return err
	}
	if err := p.publish(ctx, noise(size, 0), nil); err != nil {
		return err
	}
	server := httptest.NewServer(http.FileServer(http.Dir(p.dir)))
	defer server.Close()
	var ours, theirs, ratios []float64
	for range rounds {
		a, err := rate(func() (int64, error) {
			return plain(ctx, server.URL+"/program-1", filepath.Join(dir, "plain"))
		})
		if err != nil {
			return err
		}
		b, err := rate(func() (int64, error) {
			return stage(ctx, server.URL+"/stable.json", p.public.String(), filepath.Join(dir, "app"))
		})
		if err != nil {
			return err
		}
		theirs, ours, ratios = append(theirs, a), append(ours, b), append(ratios, b/a)
	}
	fmt.Fprintf(page, "## Download, verify, stage\n\nA program of %d MiB over HTTP on loopback. The baseline is `io.Copy` to a file and SHA-256, and a flush. Ours is the manifest and its signature, the body with mirrors and resume, SHA-1 and SHA-256, and every step of the store up to an executable that survives a power cut.\n\n", size>>20)
	fmt.Fprintf(page, "| | MB/s, median |\n|---|---|\n| `io.Copy` and SHA-256 | %.0f |\n| overseer | %.0f |\n| **ratio**, %d pairs | **%.2f** (%.2f to %.2f) |\n\n",
		median(theirs), median(ours), rounds, median(ratios), slices.Min(ratios), slices.Max(ratios))
	return nil
}

// rate is in MB/s.
func rate(f func() (int64, error)) (float64, error) {
	began := time.Now()
	n, err := f()
	return float64(n) / 1e6 / time.Since(began).Seconds(), err
}

func median(v []float64) float64 {
	sorted := slices.Sorted(slices.Values(v))
	return sorted[len(sorted)/2]
}
