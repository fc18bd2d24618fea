//go:build unix

package publish_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
	"github.com/seed-3d078585/overseer/cmd/internal/publish"
)

// asPublisher makes the test binary publish, and kill itself at a step.
const asPublisher = "OVERSEER_PUBLISH_TEST"

// An errand is what a publisher is told to do.
type errand struct {
	Do   string
	Dir  string
	Keys []string // paths
	Now  time.Time
	Step int // at which it kills itself
}

func TestMain(m *testing.M) {
	if text := os.Getenv(asPublisher); text != "" {
		var e errand
		err := json.Unmarshal([]byte(text), &e)
		if err == nil {
			err = e.run()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// run does the errand, or dies.
func (e errand) run() error {
	var own []keys.Secret
	for _, path := range e.Keys {
		k, err := keys.ReadSecret(path, keys.Passwords{})
		if err != nil {
			return err
		}
		own = append(own, k)
	}
	steps := 0
	before := func(string, string) {
		if steps++; steps == e.Step {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal is on its way
		}
	}
	d, err := publish.Open(e.Dir, publish.Options{Now: func() time.Time { return e.Now }, Before: before})
	if err != nil {
		return err
	}
	ctx, how := context.Background(), publish.How{Signers: own[:1]}
	switch e.Do {
	case "publish":
		_, err = d.Publish(ctx, "stable", how)
	case "yank":
		_, err = d.Yank(ctx, "1.1.0", how)
	case "prune":
		_, err = d.Prune(ctx, 1, false)
	case "rotate":
		_, err = d.ChangeList(ctx, publish.ListChange{
			Roots: own[1:2], Add: []keys.Public{own[2].Public()}, Remove: []string{own[0].Public().ID()}, Signers: own[2:],
		})
		if err != nil && e.done(own[2]) {
			err = nil
		}
	case "upload":
		_, err = d.Upload(ctx, publish.Copy(e.www(), before))
	}
	return err
}

// www is the copy that upload brings up to date.
func (e errand) www() string { return filepath.Join(filepath.Dir(e.Dir), "www") }

// done reports whether the key list has the key already.
func (e errand) done(k keys.Secret) bool {
	data, err := os.ReadFile(filepath.Join(e.Dir, "keys.json"))
	return err == nil && len(data) > 0 && bytes.Contains(data, []byte(k.Public().String()))
}

// Whoever publishes is killed at each step. A reader that looks all the time
// finds the old release or the new one, signed; and whoever comes next finishes.
func TestKilledAtEachStep(t *testing.T) {
	base, paths := prepared(t)
	for _, do := range []string{"publish", "yank", "prune", "rotate", "upload"} {
		t.Run(do, func(t *testing.T) {
			t.Parallel()
			f := &fixture{t: t, dir: base.dir, now: base.now, key: base.key}
			steps := 0
			for step := 1; ; step++ {
				dir := filepath.Join(t.TempDir(), "releases")
				f.want(os.CopyFS(dir, os.DirFS(f.dir)))
				e := errand{Do: do, Dir: dir, Keys: paths, Now: f.now.Add(time.Minute), Step: step}
				f.want(os.CopyFS(e.www(), os.DirFS(filepath.Join(filepath.Dir(f.dir), "www"))))
				if e.kill(t, f) {
					break
				}
				steps = step
				e.Step, e.Now = 0, e.Now.Add(time.Minute)
				if !e.kill(t, f) {
					t.Fatalf("step %d: whoever came next was killed", step)
				}
			}
			if steps < 3 {
				t.Errorf("killed at %d steps only", steps)
			}
			t.Logf("killed at each of %d steps", steps)
		})
	}
}

// prepared is a directory with two releases, a key list, and a draft.
func prepared(t *testing.T) (*fixture, []string) {
	f := newFixture(t)
	var paths []string
	var made []keys.Secret
	for _, name := range []string{"release", "root", "new"} {
		path := filepath.Join(t.TempDir(), name+".key")
		_, err := keys.Generate(path, "")
		f.want(err)
		k, err := keys.ReadSecret(path, keys.Passwords{})
		f.want(err)
		paths, made = append(paths, path), append(made, k)
	}
	_, err := publish.Init(t.Context(), f.dir, publish.InitOptions{Keys: []keys.Public{made[0].Public()}}, publish.Options{})
	f.want(err)
	f.key = made[0]
	f.publish("stable", "1.0.0")
	www := filepath.Join(filepath.Dir(f.dir), "www")
	f.want(os.Mkdir(www, 0o755))
	_, err = f.Upload(t.Context(), publish.Copy(www, nil))
	f.want(err)
	f.publish("stable", "1.1.0")
	_, err = f.ChangeList(t.Context(), publish.ListChange{Begin: true, Roots: made[1:2], Add: []keys.Public{f.key.Public()}})
	f.want(err)
	f.add("stable", "1.2.0")
	return f, paths
}

// kill runs the errand in a process while a reader looks, and reports whether it
// came to its end.
func (e errand) kill(t *testing.T, f *fixture) (ended bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	told, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	seen := make(chan error, 1)
	read := e.Dir
	if e.Do == "upload" {
		read = e.www()
	}
	go func() { seen <- watch(ctx, read, f.key.Public()) }()
	c := exec.CommandContext(t.Context(), self)
	c.Env = append(os.Environ(), asPublisher+"="+string(told), "GORACE=atexit_sleep_ms=0")
	out, err := c.CombinedOutput()
	stop()
	if err := <-seen; err != nil {
		t.Errorf("%s, step %d: a reader: %v", e.Do, e.Step, err)
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL && e.Step > 0:
	default:
		t.Fatalf("%s, step %d: %v\n%s", e.Do, e.Step, err, out)
	}
	at := &fixture{t: t, dir: e.Dir, now: e.Now, key: f.key}
	at.open(publish.Options{})
	at.verify()
	if err == nil && e.Do == "publish" && at.manifest("stable").Version != "1.2.0" {
		t.Errorf("step %d: the version is %s in the end", e.Step, at.manifest("stable").Version)
	}
	if err == nil && e.Do == "upload" && tree(t, e.www()) != tree(t, e.Dir) {
		t.Errorf("step %d: the copy differs in the end", e.Step)
	}
	return err == nil
}

// watch reads a channel over and over until ctx ends, and then once more. Seq
// never falls. It leaves the publisher some of the processor.
func watch(ctx context.Context, dir string, by keys.Public) error {
	var last uint64
	again := time.NewTicker(500 * time.Microsecond)
	defer again.Stop()
	for over := false; ; {
		l, err := glance(context.Background(), dir, "stable", by)
		switch {
		case err != nil:
			return err
		case l.manifest.Seq < last:
			return errors.New("seq fell from " + strconv.FormatUint(last, 10) + " to " + strconv.FormatUint(l.manifest.Seq, 10))
		}
		if last = l.manifest.Seq; over {
			return nil
		}
		select {
		case <-ctx.Done():
			over = true
		case <-again.C:
		}
	}
}
