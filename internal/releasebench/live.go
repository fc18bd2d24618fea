package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/probe"
	"github.com/seed-3d078585/overseer/trust"
)

const interval = 100 * time.Millisecond // between two looks at the channel

// service is a program that follows a channel. It answers with the ID of its
// binary.
func service() {
	overseer.Run(overseer.Config{
		Required: true, Address: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler),
		Probe: probe.HTTP("/"), Probation: 500 * time.Millisecond, MinFetchInterval: interval,
		Fetcher: &fetcher.Manifest{URL: os.Getenv("RELEASEBENCH_MANIFEST"), Interval: interval},
		Trust:   trust.Minisign(os.Getenv("RELEASEBENCH_KEY")).For("bench", "stable"),
		Program: func(state overseer.State) {
			fmt.Println(state.Address)
			state.Serve(&http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, state.ID) })})
		},
	})
}

// toLive measures from the moment that a manifest is in place to the first answer
// of the new program.
func toLive(ctx context.Context, page *strings.Builder, dir string, quick bool) (err error) {
	rounds := 7
	if quick {
		rounds = 2
	}
	p, err := newPublisher(filepath.Join(dir, "live"))
	if err != nil {
		return err
	}
	self, err := ownBinary()
	if err != nil {
		return err
	}
	if err := p.publish(ctx, self, nil); err != nil {
		return err
	}
	server := httptest.NewServer(http.FileServer(http.Dir(p.dir)))
	defer server.Close()
	target := filepath.Join(p.dir, "host", "app")
	if err := errors.Join(os.Mkdir(filepath.Dir(target), 0o755), os.WriteFile(target, self, 0o755)); err != nil {
		return err
	}
	address, stop, err := startService(ctx, target, server.URL+"/stable.json", p.public.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()

	fmt.Fprintf(page, "## From published to live\n\nA service of %.1f MB that looks at its channel each %v: from the rename of the manifest to the first answer of the new program. It includes the wait for the next look, download or delta, preflight, start and probe.\n\n| way | median | fastest | slowest |\n|---|---|---|---|\n", float64(len(self))/1e6, interval)
	for _, way := range []string{"whole program", "delta"} {
		var took []time.Duration
		for round := range rounds {
			next := slices.Concat(self, []byte(way), []byte{byte(round)})
			installed, err := os.ReadFile(target)
			if err != nil {
				return err
			}
			if way != "delta" {
				installed = nil
			}
			d, err := p.live(ctx, address, target, next, installed)
			if err != nil {
				return fmt.Errorf("%s: %w", way, err)
			}
			took = append(took, d)
		}
		slices.Sort(took)
		fmt.Fprintf(page, "| %s | %v | %v | %v |\n", way, ms(took[len(took)/2]), ms(took[0]), ms(took[len(took)-1]))
	}
	fmt.Fprintln(page)
	return nil
}

func ms(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

// startService returns the address of a service and what ends it.
func startService(ctx context.Context, target, manifest, key string) (address string, stop func() error, err error) {
	cmd := exec.CommandContext(ctx, target)
	cmd.Env = append(os.Environ(), roleVariable+"=service", "RELEASEBENCH_MANIFEST="+manifest, "RELEASEBENCH_KEY="+key)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	lines := bufio.NewReader(out)
	stop = func() error {
		return errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
	}
	line, err := lines.ReadString('\n')
	if err != nil {
		return "", nil, errors.Join(err, stop())
	}
	go io.Copy(io.Discard, lines) // ends with the service
	return strings.TrimSpace(line), stop, nil
}

// live publishes a program and waits until it answers, and then until it is
// installed.
func (p *publisher) live(ctx context.Context, address, target string, program, old []byte) (time.Duration, error) {
	before, err := ask(ctx, address)
	if err != nil {
		return 0, err
	}
	if err := p.publish(ctx, program, old); err != nil {
		return 0, err
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for now := before; now == before; {
		if now, err = ask(ctx, address); err != nil {
			return 0, fmt.Errorf("the new program does not answer: %w", err)
		}
	}
	took := time.Since(began)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		data, err := os.ReadFile(target)
		if err == nil && slices.Equal(data, program) {
			return took, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return 0, fmt.Errorf("the new program is not installed: %w", ctx.Err())
		}
	}
}

// ask is a request on a connection of its own, which is never retried.
func ask(ctx context.Context, address string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address, nil)
	if err != nil {
		return "", err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	id, err := io.ReadAll(resp.Body)
	return string(id), err
}
