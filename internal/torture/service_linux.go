package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/probe"
	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
	"golang.org/x/sys/unix"
)

// Variables that make this binary a service, and a child of one.
const (
	serviceVariable = "TORTURE_SERVICE" // the directory of the driver
	addressVariable = "TORTURE_ADDRESS"
	keyVariable     = "TORTURE_KEY" // where releases are signed: the public key
	childVariable   = "TORTURE_CHILD"
	bugVariable     = "TORTURE_BUG" // for a test of this command: the program has a bug
)

// Bounds of the service. None is so short that a busy machine alone breaks it.
const (
	probation        = 700 * time.Millisecond
	readyTimeout     = 5 * time.Second
	terminateTimeout = 10 * time.Second
)

// forgedRuns is the note of a process that must not be.
const forgedRuns = "is forged, and runs"

func init() {
	if os.Getenv(serviceVariable) == "" {
		return
	}
	switch p := readPlan(); {
	case p.Fault == panicsInInit:
		panic("init of a bad release")
	case p.Fault.isForgery():
		note(run{Version: p.Version, What: forgedRuns})
	}
}

// service is the main of the service.
func service() {
	if os.Getenv(childVariable) != "" {
		child()
		return
	}
	dir, p := os.Getenv(serviceVariable), readPlan()
	c := overseer.Config{
		Required:         true,
		Address:          os.Getenv(addressVariable),
		Logger:           slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Probe:            probe.HTTP("/healthz"),
		ProbeInterval:    50 * time.Millisecond,
		Probation:        probation,
		ReadyTimeout:     readyTimeout,
		TerminateTimeout: terminateTimeout,
		MinFetchInterval: 20 * time.Millisecond,
		KeepAlive:        overseer.Always,
		Fetcher: source{
			File: &fetcher.File{Path: filepath.Join(dir, "next"), Interval: 20 * time.Millisecond, Settle: 5 * time.Millisecond},
			dir:  dir,
		},
		Program: func(s overseer.State) { program(s, p) },
	}
	if key := os.Getenv(keyVariable); key != "" {
		c.Trust = trust.Minisign(key).For(product, channel)
		c.Fetcher = signedSource{
			Manifest: &fetcher.Manifest{URL: filepath.Join(dir, "site", channel+".json"), Interval: 20 * time.Millisecond},
			dir:      dir,
		}
	}
	overseer.Run(c)
}

// program answers with who it is, and goes wrong as its plan says.
func program(s overseer.State, p plan) {
	if os.Getenv(bugVariable) == "" {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // else it ends it
	}
	note(run{Version: p.Version, What: "begins"})
	switch p.Fault {
	case exitsAtStart:
		fmt.Fprintln(os.Stderr, "last words of "+p.Version)
		os.Exit(1)
	case panicsAtStart:
		panic(p.Version + " cannot start")
	case hangsAtStart:
		select {}
	case neverAccepts:
		<-s.Context().Done()
		return
	}
	startChild(p)
	who := fmt.Sprintf("%s/%d/%d", p.Version, s.Generation, os.Getpid())
	var first sync.Once
	var unwell atomic.Bool
	inService := func() {
		first.Do(func() {
			switch p.Fault {
			case unhealthyOnTrial:
				unwell.Store(true)
			case crashesOnTrial:
				time.AfterFunc(probation/7, func() {
					note(run{Version: p.Version, What: "crashes"})
					panic(p.Version + " crashes")
				})
			}
		})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		inService()
		w.Header().Set("X-Version", who)
		fmt.Fprintln(w, who)
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		inService()
		w.Header().Set("X-Version", who)
		for range 20 {
			fmt.Fprintln(w, who)
			http.NewResponseController(w).Flush()
			time.Sleep(25 * time.Millisecond) // it is a slow answer
		}
	})
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		if p.Fault == unhealthy || unwell.Load() {
			http.Error(w, "unwell", http.StatusServiceUnavailable)
		}
	})
	if err := s.Serve(&http.Server{Handler: mux}); err != nil {
		fmt.Fprintln(os.Stderr, "serve:", err)
		os.Exit(3)
	}
}

// startChild starts a process of the program's, which tells what it was left.
func startChild(p plan) {
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), childVariable+"="+p.Version)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		return // where there are too few descriptors
	}
	go c.Wait()
}

// leftToThisProcess returns what was open when this process began: whatever a
// process opens itself in Go is close-on-exec.
func leftToThisProcess() (left []string) {
	for fd := 3; fd < 200; fd++ {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			to, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd)) // for the message only
			left = append(left, to)
		}
	}
	return left
}

func child() {
	if left := leftToThisProcess(); len(left) > 0 {
		note(run{Version: os.Getenv(childVariable), What: "child has " + fmt.Sprint(left)})
	}
}

// source is a File that hangs or is slow while the driver wants it so.
type source struct {
	*fetcher.File
	dir string
}

func (s source) FetchContext(ctx context.Context) (io.Reader, error) {
	return spoiled(ctx, s.dir, s.File.FetchContext)
}

// signedSource is the same of a Manifest.
type signedSource struct {
	*fetcher.Manifest
	dir string
}

func (s signedSource) FetchContext(ctx context.Context) (io.Reader, error) {
	return spoiled(ctx, s.dir, s.Manifest.FetchContext)
}

func spoiled(ctx context.Context, dir string, fetch func(context.Context) (io.Reader, error)) (io.Reader, error) {
	is := func(state string) bool {
		_, err := os.Stat(filepath.Join(dir, "source-"+state))
		return err == nil
	}
	for is("hangs") {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	r, err := fetch(ctx)
	if r != nil && is("slow") {
		r = slow{r}
	}
	return r, err
}

// slow keeps most methods that the reader has out of sight, as a foreign reader.
type slow struct{ io.Reader }

// Candidate is what a trust policy judges.
func (s slow) Candidate() release.Candidate { return fetcher.Describe(s.Reader) }

func (s slow) Read(p []byte) (int, error) {
	time.Sleep(time.Millisecond) // it is a slow source
	return s.Reader.Read(p[:min(len(p), 32<<10)])
}

func (s slow) Close() error {
	if c, ok := s.Reader.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
