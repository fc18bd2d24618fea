package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// memory measures the peak of a process that stages, for programs of growing
// size.
func memory(ctx context.Context, page *strings.Builder, dir string, quick bool) error {
	sizes := []int{1, 16, 64, 256, 512}
	if quick {
		sizes = []int{1, 4}
	}
	fmt.Fprintf(page, "## Memory over size\n\nThe peak of a process of its own that fetches by manifest and stages (VmHWM), and of one that starts and does nothing.\n\n| program | peak |\n|---|---|\n")
	idle, err := peak(ctx, dir, "", "")
	if err != nil {
		return err
	}
	fmt.Fprintf(page, "| none | %s |\n", idle)
	for _, size := range sizes {
		p, err := newPublisher(filepath.Join(dir, fmt.Sprint("memory-", size)))
		if err != nil {
			return err
		}
		if err := p.publish(ctx, noise(size<<20, 0), nil); err != nil {
			return err
		}
		server := httptest.NewServer(http.FileServer(http.Dir(p.dir)))
		kib, err := peak(ctx, p.dir, server.URL+"/stable.json", p.public.String())
		server.Close()
		if err != nil {
			return err
		}
		fmt.Fprintf(page, "| %d MiB | %s |\n", size, kib)
		os.RemoveAll(p.dir)
	}
	fmt.Fprintln(page)
	return nil
}

// peak runs a child that stages, and returns its VmHWM.
func peak(ctx context.Context, dir, manifest, key string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), roleVariable+"=stage", "RELEASEBENCH_MANIFEST="+manifest, "RELEASEBENCH_KEY="+key, "RELEASEBENCH_TARGET="+filepath.Join(dir, "app"))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	return string(bytes.TrimSpace(out)), err
}

func stageChild() {
	if manifest := os.Getenv("RELEASEBENCH_MANIFEST"); manifest != "" {
		if _, err := stage(context.Background(), manifest, os.Getenv("RELEASEBENCH_KEY"), os.Getenv("RELEASEBENCH_TARGET")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fmt.Println("not known on this system")
		return
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Println(strings.TrimSpace(value))
		}
	}
}
