package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// A Place says which master is meant.
type Place struct {
	Socket    string // path of its socket
	PID       int    // of it, of a worker of its, or of what a worker has started
	Name      string // of the program, or the path of its binary
	URL       string // of a master that serves on TCP
	TokenFile string // file with the bearer token for that
}

func (p *Place) flags(f *flag.FlagSet) {
	f.StringVar(&p.Socket, "socket", "", "`PATH` of the master's socket, admin.sock in its state directory")
	f.IntVar(&p.PID, "pid", 0, "`NUMBER` of the master's process, of a worker of its, or of what a worker has started")
	f.StringVar(&p.Name, "name", "", "`NAME` of the program, or the path of its binary")
	f.StringVar(&p.URL, "url", "", "`URL` of a master that serves on TCP")
	f.StringVar(&p.TokenFile, "token-file", "", "`FILE` with the token for --url")
}

// check finds out whether the flags go together.
func (p Place) check() error {
	given := 0
	for _, is := range []bool{p.Socket != "", p.PID != 0, p.Name != "", p.URL != ""} {
		if is {
			given++
		}
	}
	switch {
	case given > 1:
		return Usage("--socket, --pid, --name and --url each say which process is meant: give one")
	case p.PID < 0:
		return Usage("--pid %d: want the number of a process", p.PID)
	case p.TokenFile != "" && p.URL == "":
		return Usage("--token-file is for --url")
	case p.URL != "":
		u, err := url.Parse(p.URL)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return Usage("--url %q: want http://HOST:PORT or https://HOST:PORT", p.URL)
		}
	}
	return nil
}

// tokenLimit bounds a token file.
const tokenLimit = 4096

func (p Place) token() (string, error) {
	if p.TokenFile == "" {
		return "", nil
	}
	data, err := readBounded(p.TokenFile, tokenLimit)
	if err != nil {
		return "", Usage("--token-file: %v", err)
	}
	token := strings.TrimSpace(string(data))
	if token == "" {
		return "", Usage("--token-file %q is empty", p.TokenFile)
	}
	return token, nil
}

// Connect returns a client of the master that is meant. It is good until Main
// returns.
func (k *Call) Connect(ctx context.Context) (*admin.Client, error) {
	p := k.place
	if p.URL != "" {
		token, err := p.token()
		if err != nil {
			return nil, err
		}
		k.shown = p.URL
		return admin.NewClient(admin.Remote{URL: p.URL, Token: token}), nil
	}
	f, err := k.locate(ctx)
	if err != nil {
		return nil, err
	}
	return k.dial(f)
}

// dial returns a client of a master that was found.
func (k *Call) dial(f found) (*admin.Client, error) {
	k.shown = f.socket
	path, done, err := reach(f.path)
	if err != nil {
		return nil, err
	}
	k.closers = append(k.closers, done)
	k.reached = path
	return admin.Dial(path), nil
}

// locate returns the socket of the master that is meant.
func (k *Call) locate(ctx context.Context) (found, error) {
	p := k.place
	switch {
	case p.Socket != "":
		return fixed(p.Socket), nil
	case p.PID == 0 && p.Name == "" && k.Socket != "":
		return fixed(k.Socket), nil
	}
	ctx, cancel := k.bounded(ctx)
	defer cancel()
	f, err := k.choose(ctx)
	var lost *lostError
	if !errors.As(err, &lost) || len(lost.all) > 0 {
		return f, err
	}
	select { // a process that is being replaced is not seen for a moment
	case <-time.After(replacedPause):
		return k.choose(ctx)
	case <-ctx.Done():
		return f, err
	}
}

// choose looks at all masters, and takes the one that is meant.
func (k *Call) choose(ctx context.Context) (found, error) {
	all, err := masters(ctx)
	switch p := k.place; {
	case p.PID == 0 && p.Name == "" && (k.Binary != "" || k.StateDir != ""):
		return k.ofService(ctx, all, err)
	case err != nil && strings.ContainsRune(p.Name, filepath.Separator):
		return fixed(besides(p.Name)), nil
	case err != nil:
		return found{}, err
	case p.PID != 0:
		return k.ofPID(all, p.PID)
	default:
		return k.ofName(ctx, all, p.Name)
	}
}

func fixed(path string) found { return found{path: path, socket: path} }

// besides is where the socket of a binary is by default.
func besides(binary string) string {
	if abs, err := filepath.Abs(binary); err == nil {
		binary = abs
	}
	if real, err := filepath.EvalSymlinks(binary); err == nil {
		binary = real
	}
	return filepath.Join(filepath.Dir(binary), "."+filepath.Base(binary)+".overseer", "admin.sock")
}

// readBounded reads a file that has to be smaller than a limit.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data := make([]byte, limit+1)
	n, err := readFull(f, data)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", path, err)
	}
	if int64(n) > limit {
		return nil, fmt.Errorf("%q is larger than %d bytes", path, limit)
	}
	return data[:n], nil
}
