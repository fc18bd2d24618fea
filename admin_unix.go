//go:build unix

package overseer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/digests"
	"github.com/seed-3d078585/overseer/internal/journal"
	"github.com/seed-3d078585/overseer/internal/master"
	"github.com/seed-3d078585/overseer/internal/rundir"
	"github.com/seed-3d078585/overseer/internal/socket"
	"github.com/seed-3d078585/overseer/internal/store"
)

// A desk is what a master has for those who look at it.
type desk struct {
	journal *journal.Journal
	admin   master.Admin
	digests *digests.Memory
}

// desk opens it. What cannot be opened is said, and hinders nothing: a service
// that nobody can look at still serves.
func (s settled) desk(bytes *store.Store, log *slog.Logger) desk {
	d := desk{journal: journal.New()}
	dir, err := s.keptDir(bytes)
	if err == nil && dir != "" {
		var kept *journal.Journal
		if kept, err = journal.Open(dir); err == nil {
			d.journal = kept
		}
	}
	if err != nil {
		log.Info("events are kept in memory only", "error", err)
		dir = ""
	}
	d.digests = digests.New(s.digestsPath(dir))
	if s.Admin.Disabled {
		handed.state.AdminSocket() // which the master before may have had
		return d
	}
	d.admin.Socket = s.adminSocket(dir, log)
	if s.Admin.Address != "" {
		l, err := s.adminListener()
		if err != nil {
			log.Error("the master cannot be reached at Config.Admin.Address", "error", err)
		} else {
			d.admin.Listeners = append(d.admin.Listeners, l)
		}
	}
	return d
}

// digestsPath is where the digests of the program are remembered: in the state
// directory, or else where the admin socket is; empty: nowhere.
func (s settled) digestsPath(dir string) string {
	if dir == "" {
		if s.Admin.Disabled {
			return "" // nothing is to be left in a directory that is for all programs
		}
		var err error
		if dir, err = rundir.Dir(); err != nil {
			return ""
		}
	}
	return filepath.Join(dir, digests.File)
}

// keptDir is the state directory, made and checked; empty where there is none to
// be made.
func (s settled) keptDir(bytes *store.Store) (string, error) {
	if bytes == nil {
		if s.StateDir == "" {
			return "", nil
		}
		var err error
		if bytes, err = store.Open(s.binary, s.StateDir); err != nil {
			return "", err
		}
	}
	return bytes.Dir(), bytes.Prepare()
}

// adminSocket binds the socket, or takes that of the master before; nil: it could
// not be opened.
func (s settled) adminSocket(dir string, log *slog.Logger) *socket.Socket {
	paths := []string{s.Admin.Socket}
	var err error
	if s.Admin.Socket == "" {
		paths, err = s.adminPaths(dir)
	}
	if held := handed.state.AdminSocket(paths...); held != nil {
		return held
	}
	for _, path := range paths {
		var held *socket.Socket
		if held, err = listenAdmin(path); err == nil {
			log.Debug("the master can be reached", "socket", path)
			return held
		}
		if !errors.Is(err, socket.ErrInUse) {
			break
		}
	}
	level := slog.LevelInfo
	if s.Admin.Socket != "" {
		level = slog.LevelError
	}
	log.Log(context.Background(), level, "the master cannot be reached by a socket", "error", err)
	return nil
}

// adminPaths are where the socket may be, the first one first.
func (s settled) adminPaths(dir string) ([]string, error) {
	if dir != "" {
		paths := []string{filepath.Join(dir, "admin.sock"), filepath.Join(dir, fmt.Sprintf("admin-%d.sock", os.Getpid()))}
		if len(paths[1]) <= longestPath {
			return paths, nil
		}
	}
	dir, err := rundir.Dir()
	if err != nil {
		return nil, err
	}
	rundir.Sweep(dir)
	return []string{filepath.Join(dir, rundir.Name(cut(s.name(), longestName), os.Getpid()))}, nil
}

const (
	// longestPath is what the address of a unix socket has room for on each
	// system, unix(7), in bytes.
	longestPath = 100

	longestName = 32
)

func cut(s string, n int) string { return s[:min(n, len(s))] }

func listenAdmin(path string) (*socket.Socket, error) {
	a, err := socket.Parse("unix://" + path + "?mode=0600")
	if err != nil {
		return nil, err
	}
	held, err := socket.Listen(context.Background(), []socket.Address{a}, socket.Options{Retry: -1})
	if err != nil {
		return nil, err
	}
	return held[0], nil
}

func (s settled) adminListener() (master.Listener, error) {
	token, err := s.Admin.token()
	if err != nil {
		return master.Listener{}, err
	}
	l, err := net.Listen("tcp", s.Admin.Address)
	if err != nil {
		return master.Listener{}, err
	}
	return master.Listener{Listener: l, Access: admin.Access{Token: token, TLS: s.Admin.TLS, Hosts: s.Admin.Hosts}}, nil
}

// name is what the program is called for people.
func (s settled) name() string {
	if s.command == nil {
		return filepath.Base(s.binary)
	}
	return filepath.Base(s.command.Args[0])
}

// sourceName says where releases come from, without what may be a secret: a user,
// a password, a query.
func (s settled) sourceName() string {
	switch f := s.Fetcher.(type) {
	case nil:
		return ""
	case *fetcher.HTTP:
		return bare(f.URL)
	case *fetcher.Manifest:
		if f.Place == nil {
			return bare(f.URL)
		}
	case *fetcher.File:
		return f.Path
	case *fetcher.Github:
		return "github.com/" + f.User + "/" + f.Repo
	}
	return fmt.Sprintf("%T", s.Fetcher)
}

// bare is a URL without what may be a secret.
func bare(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "a URL that cannot be read"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}
