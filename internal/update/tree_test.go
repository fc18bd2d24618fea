//go:build unix

package update

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/fetcher"
	"github.com/seed-3d078585/overseer/internal/store"
	"github.com/seed-3d078585/overseer/trust"
	"github.com/seed-3d078585/overseer/trust/trusttest"
)

// A treeService is a program that is no overseer's and comes as a tree: a
// script that says the version in the file beside it, and runs until its
// standard input ends.
type treeService struct {
	*Updater
	home    string
	log     *logged
	warned  chan struct{} // after the first warning
	offered chan *store.Staged
	server  *askedServer
}

// A teller is a log that tells of its first warning.
type teller struct {
	*logged
	warned func()
}

func (l teller) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l teller) WithGroup(string) slog.Handler      { return l }
func (l teller) Handle(ctx context.Context, r slog.Record) error {
	err := l.logged.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		l.warned()
	}
	return err
}

const serviceScript = `#!/bin/sh
cat share/version # of the directory that it runs in
if [ -e share/bad ]; then exit 3; fi
exec cat >/dev/null
`

// versionTree is the archive of a version. The word bad in it makes the program
// fail at its start, the word unfit leaves it out.
func versionTree(version string) []byte {
	noise := make([]byte, 64<<10) // what all versions share
	rand.NewChaCha8([32]byte{}).Read(noise)
	files := map[string]string{"run": serviceScript, "share/noise": string(noise), "share/version": version + "\n"}
	if strings.Contains(version, "bad") {
		files["share/bad"] = ""
	}
	if strings.Contains(version, "unfit") {
		delete(files, "run")
	}
	return tarOf(files)
}

// An askedServer remembers what it was asked for.
type askedServer struct {
	mu    sync.Mutex
	files trusttest.Files
	asked []string
}

func (s *askedServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	files := s.files
	s.asked = append(s.asked, r.URL.Path)
	s.mu.Unlock()
	files.ServeHTTP(w, r)
}

func (s *askedServer) set(files trusttest.Files) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files, s.asked = files, nil
}

// count is how often something below a directory was asked for.
func (s *askedServer) count(dir string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, path := range s.asked {
		if strings.HasPrefix(path, "/"+dir+"/") {
			n++
		}
	}
	return n
}

// newTreeService has the first version made by hand, and goes by a publisher's
// root key.
func newTreeService(t *testing.T, p *trusttest.Publisher) *treeService {
	t.Helper()
	s := &treeService{home: t.TempDir(), log: &logged{}, warned: make(chan struct{}), offered: make(chan *store.Staged), server: &askedServer{}}
	first := filepath.Join(s.home, "releases/first")
	must(t, os.MkdirAll(filepath.Join(first, "share"), 0o755))
	must(t, os.WriteFile(filepath.Join(first, "run"), []byte(serviceScript), 0o755))
	must(t, os.WriteFile(filepath.Join(first, "share/version"), []byte("first\n"), 0o644))
	must(t, os.Symlink("releases/first", filepath.Join(s.home, "current")))
	trees, err := store.OpenTrees(store.Trees{Home: s.home, Program: "run"}, "")
	must(t, err)
	web := httptest.NewServer(s.server)
	t.Cleanup(web.Close)
	s.Updater = &Updater{
		Source:    &fetcher.Manifest{URL: web.URL + "/" + trusttest.Channel + ".json", Interval: time.Millisecond, Client: web.Client()},
		Policy:    trust.Root(p.Root.Public()).For(p.Product, trusttest.Channel),
		Store:     trees,
		Interval:  time.Millisecond,
		Preflight: func(context.Context, *store.Staged) error { return nil },
		Offer: func(st *store.Staged) {
			select {
			case s.offered <- st:
			case <-t.Context().Done():
				discard(st)
			}
		},
		QuarantineFor: time.Hour,
		Log:           slog.New(teller{s.log, sync.OnceFunc(func() { close(s.warned) })}),
	}
	return s
}

// A generation is one run of the program.
type generation struct {
	tree *store.Tree
	says string
	in   io.Closer
	cmd  *exec.Cmd
}

// start runs what a tree has, in the tree, until it has said its version.
func (s *treeService) start(t *testing.T, tree *store.Tree) *generation {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tree.Program)
	cmd.Dir = tree.Root
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	says, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	return &generation{tree: tree, says: strings.TrimSpace(says), in: in, cmd: cmd}
}

// end waits for the end of a generation and returns how it ended.
func (g *generation) end(t *testing.T) error {
	t.Helper()
	g.in.Close()
	err := g.cmd.Wait()
	must(t, g.tree.Close())
	return err
}

// hold is what is installed.
func (s *treeService) hold(t *testing.T) *store.Tree {
	t.Helper()
	tree, err := s.Store.Hold(t.Context())
	must(t, err)
	return tree
}

// next returns the candidate that is offered.
func (s *treeService) next(t *testing.T) *store.Staged {
	t.Helper()
	select {
	case st := <-s.offered:
		return st
	case <-time.After(time.Minute):
		t.Fatalf("no candidate; log:\n%s", s.log)
		return nil
	}
}

// A tree goes the whole way: signed, fetched, unpacked, tried while the one
// before is installed and runs, and installed or rolled back.
func TestTreeUpgrades(t *testing.T) {
	p := trusttest.NewPublisher(t, "app")
	p.Program = versionTree
	s := newTreeService(t, p)
	live := s.start(t, s.hold(t))
	s.server.set(p.Publish("1.0.0"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	defer func() { cancel(); <-done }()

	for _, row := range []struct {
		version        string
		good           bool
		deltas, wholes bool // how it comes
	}{
		{"1.0.0", true, false, true},
		{"1.1.0", true, true, false},
		{"1.2.0-bad", false, true, false},
		{"1.3.0", true, true, false}, // from 1.1.0, which is what is installed
	} {
		if row.version != "1.0.0" {
			s.server.set(p.Publish(row.version))
		}
		st := s.next(t)
		if deltas, wholes := s.server.count("deltas") > 0, s.server.count("programs") > 0; deltas != row.deltas || wholes != row.wholes {
			t.Errorf("%s came by a delta: %v, whole: %v; asked were %q", row.version, deltas, wholes, s.server.asked)
		}
		must(t, s.Store.BeginTrial(st))
		tree, err := st.Hold()
		must(t, err)
		candidate := s.start(t, tree)
		if candidate.says != row.version {
			t.Fatalf("the candidate says %q; want %s", candidate.says, row.version)
		}
		if now := s.hold(t); now.Root != live.tree.Root {
			t.Fatalf("installed during the trial is %q; want %q", now.Root, live.tree.Root)
		} else {
			must(t, now.Close())
		}
		if !row.good {
			if err := candidate.end(t); err == nil {
				t.Fatal("a bad candidate ended well")
			}
			must(t, s.Store.Quarantine(st.Digest(), "it failed its trial", time.Now().Add(time.Hour)))
			must(t, st.Discard())
			continue
		}
		if installed, err := s.Store.Install(t.Context(), st); err != nil || installed.Warnings != nil {
			t.Fatalf("Install = %+v, %v", installed, err)
		}
		must(t, live.end(t))
		live = candidate
	}
	must(t, live.end(t))
	if now := s.hold(t); now.Digest != digest(string(versionTree("1.3.0"))) || now.Root != live.tree.Root {
		t.Errorf("installed is %+v", now)
	} else {
		must(t, now.Close())
	}
	must(t, s.Store.Restore(t.Context()))
	live = s.start(t, s.hold(t))
	if live.says != "1.1.0" {
		t.Errorf("restored was %q; want 1.1.0", live.says)
	}
	must(t, live.end(t))
	if n := s.log.count("WARN"); n != 0 {
		t.Errorf("log:\n%s", s.log)
	}
}

// What can never run is quarantined, told once, and not fetched again.
func TestTreeThatIsUnfit(t *testing.T) {
	p := trusttest.NewPublisher(t, "app")
	p.Program = versionTree
	s := newTreeService(t, p)
	s.server.set(p.Publish("1.0.0-unfit"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	defer func() { cancel(); <-done }()
	unfit := digest(string(p.Latest()))
	select {
	case <-s.warned:
	case <-time.After(time.Minute):
		t.Fatalf("nobody was told:\n%s", s.log)
	}
	if s.log.count("WARN", "failed its staging and is quarantined", `no "run"`) != 1 {
		t.Errorf("log:\n%s", s.log)
	}
	if entry, in, err := s.Store.Quarantined(unfit); err != nil || !in || !strings.Contains(entry.Reason, `no "run"`) {
		t.Errorf("quarantined: %v, %+v, %v", in, entry, err)
	}
	s.server.set(p.Publish("1.0.0"))
	st := s.next(t)
	if st.Digest() != digest(string(p.Latest())) {
		t.Error("another release was offered")
	}
	must(t, st.Discard())
	entries, err := os.ReadDir(filepath.Join(s.home, "releases"))
	must(t, err)
	if len(entries) != 1 || entries[0].Name() != "first" {
		t.Errorf("releases are %v", entries)
	}
}
