//go:build linux

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/probe"
)

// A binary of the service is the test binary with its version behind the end.
const versionMark = "\n--version of the service--"

func init() { roles["service"] = runService }

// runService is a real program: it answers with its version and process.
func runService() {
	if in, err := os.Stdin.Stat(); err == nil && in.Mode()&os.ModeNamedPipe != 0 { // a preflight has another one
		go func() {
			io.Copy(io.Discard, os.Stdin) // which the test holds open: the service ends with it
			os.Exit(1)
		}()
	}
	probation, err := time.ParseDuration(os.Getenv("E2E_PROBATION"))
	if err != nil {
		panic(err)
	}
	overseer.Run(overseer.Config{
		Required:      true,
		Address:       "127.0.0.1:0",
		Probe:         probe.HTTP("/healthz"),
		ProbeInterval: 50 * time.Millisecond,
		Probation:     probation,
		Fetcher:       &fetcher.File{Path: os.Getenv("E2E_NEXT"), Interval: 50 * time.Millisecond, Settle: 10 * time.Millisecond},
		Admin:         overseer.Admin{Address: os.Getenv("E2E_ADMIN"), Token: token},
		Program: func(s overseer.State) {
			version := ownVersion()
			mux := http.NewServeMux()
			mux.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
			mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("X-Version", version)
				fmt.Fprintf(w, "version %s process %d", version, os.Getpid())
			})
			s.Serve(&http.Server{Handler: mux})
		},
	})
}

func ownVersion() string {
	own, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		panic(err)
	}
	return string(own[bytes.LastIndex(own, []byte(versionMark))+len(versionMark):])
}

var ownBytes = sync.OnceValues(func() ([]byte, error) { return os.ReadFile("/proc/self/exe") })

// writeVersion writes a binary of the service, by rename, and returns its digest
// as the page shows it.
func writeVersion(t *testing.T, path, version string) (digest string) {
	t.Helper()
	own, err := ownBytes()
	if err != nil {
		t.Fatal(err)
	}
	all := append(bytes.Clone(own), versionMark+version...)
	// Nothing may fork meanwhile: the child would hold the file open for writing,
	// and "text file busy" be the answer to its exec (golang/go#22315).
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path+".new", all, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(all)
	return hex.EncodeToString(sum[:])[:10]
}

// A service is a real program under a real master.
type service struct {
	t       *testing.T
	next    string // what it fetches
	digest  string // of version 1
	address string // of the program
	page    string // address of the page, with the token
	client  *admin.Client
}

// startService starts version 1 and waits until it serves.
func startService(t *testing.T, probation time.Duration) *service {
	t.Helper()
	needBrowser(t)
	dir := t.TempDir()
	s := &service{t: t, next: filepath.Join(dir, "next")}
	binary := filepath.Join(dir, "app")
	s.digest = writeVersion(t, binary, "1")
	adminAddress := fixedPort(t)
	s.page = "http://" + adminAddress + "/#token=" + token
	s.client = admin.NewClient(admin.Remote{URL: "http://" + adminAddress, Token: token})

	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	hold, held, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary)
	cmd.Env = append(os.Environ(), roleVariable+"=service", "E2E_NEXT="+s.next, "E2E_ADMIN="+adminAddress, "E2E_PROBATION="+probation.String(), "GORACE=atexit_sleep_ms=0")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = hold, log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hold.Close()
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	t.Cleanup(func() {
		defer held.Close()
		defer log.Close()
		cmd.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(patience, func() {
			t.Errorf("the service does not end by SIGTERM")
			held.Close()
			cmd.Process.Kill()
		})
		<-exited
		timer.Stop()
		if text, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("the service said:\n%s", text)
		}
	})
	s.untilServes(exited)
	return s
}

// untilServes looks again and again, as there is nobody yet who tells.
func (s *service) untilServes(exited chan error) {
	s.t.Helper()
	end := time.After(patience)
	for {
		ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Second)
		status, err := s.client.Status(ctx)
		cancel()
		if err == nil && status.Condition == admin.Serving && len(status.Addresses) == 1 {
			s.address = status.Addresses[0]
			return
		}
		select {
		case err := <-exited:
			exited <- err
			s.t.Fatalf("the service ended at its start: %v", err)
		case <-end:
			s.t.Fatalf("the service does not serve: %+v, %v", status, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// answer asks the program who it is.
func (s *service) answer() string {
	s.t.Helper()
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + s.address + "/")
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// expect compares who answers with the process that the page names as live.
func (s *service) expect(b *tab, version string) {
	s.t.Helper()
	process := strings.TrimPrefix(eval[string](b, "document.querySelector('#facts > div .note').textContent"), "process ")
	if got, want := s.answer(), "version "+version+" process "+process; got != want {
		s.t.Errorf("%q answers, and the page says %q", got, want)
	}
}

// fixedPort returns an address that a master can bind anew when it is replaced. It
// is below the ports that the kernel gives to connections, ip(7).
func fixedPort(t *testing.T) string {
	t.Helper()
	for port := 21000 + os.Getpid()%5000; port < 32000; port++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free from 21000 to 32000")
	return ""
}
