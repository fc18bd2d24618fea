package publish_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/cmd/internal/keys"
	"github.com/seed-3d078585/overseer/cmd/internal/publish"
)

// A copy holds what readers see, nothing else, and only what is new is sent.
func TestUploadToDirectory(t *testing.T) {
	f := newFixture(t)
	to := filepath.Join(t.TempDir(), "www")
	f.want(os.Mkdir(to, 0o755))
	if _, err := f.Upload(t.Context(), publish.Copy(to, nil)); err == nil {
		t.Error("uploaded nothing")
	}
	f.publish("stable", "1.0.0")
	f.publish("stable", "1.1.0")
	f.publish("beta", "1.2.0")
	f.add("stable", "2.0.0")
	sent, err := f.Upload(t.Context(), publish.Copy(to, nil))
	f.want(err)
	if sent.Files != strings.Count(tree(t, f.dir), "\n") || sent.Kept != 0 || tree(t, to) != tree(t, f.dir) {
		t.Errorf("sent %+v:\n%s\nof:\n%s", sent, tree(t, to), tree(t, f.dir))
	}
	if left, err := os.ReadDir(filepath.Join(to, ".draft")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the draft was uploaded: %v, %v", left, err)
	}
	_, err = f.Publish(t.Context(), "", f.how())
	f.want(err)
	again, err := f.Upload(t.Context(), publish.Copy(to, nil))
	f.want(err)
	// The program, its deltas from 1.1.0 and 1.0.0, the manifest of before, the
	// signatures, the manifest and the copy beside it.
	if again.Files != 7 || again.Kept != sent.Files-2 || tree(t, to) != tree(t, f.dir) {
		t.Errorf("sent %+v after %+v:\n%s", again, sent, tree(t, to))
	}
	f.want(f.rotate())
	_, err = f.Upload(t.Context(), publish.Copy(to, nil))
	f.want(err)
	if tree(t, to) != tree(t, f.dir) {
		t.Errorf("with a key list:\n%s\nof:\n%s", tree(t, to), tree(t, f.dir))
	}
}

func (f *fixture) rotate() error {
	_, err := f.ChangeList(f.t.Context(), publish.ListChange{Begin: true, Roots: []keys.Secret{newKey(f.t)}, Add: []keys.Public{f.key.Public()}})
	return err
}

// Whoever published from another copy is not undone.
func TestUploadToWhatIsAhead(t *testing.T) {
	f := newFixture(t)
	to := t.TempDir()
	f.publish("stable", "1.0.0")
	copied := filepath.Join(t.TempDir(), "copy")
	f.want(os.CopyFS(copied, os.DirFS(f.dir)))
	f.publish("stable", "1.1.0")
	_, err := f.Upload(t.Context(), publish.Copy(to, nil))
	f.want(err)
	before := tree(t, to)

	f.dir = copied
	f.open(publish.Options{})
	for _, version := range []string{"1.0.1", "1.1.1"} { // behind, then at the same seq
		if _, err := f.Upload(t.Context(), publish.Copy(to, nil)); !errors.Is(err, publish.ErrAhead) || tree(t, to) != before {
			t.Errorf("uploaded over what is ahead: %v", err)
		}
		if version == "1.0.1" {
			f.publish("stable", version)
		}
	}
	f.publish("stable", "1.1.1")
	_, err = f.Upload(t.Context(), publish.Copy(to, nil))
	f.want(err)

	f.want(os.WriteFile(filepath.Join(to, "stable.json"), []byte("<html>"), 0o644))
	if _, err := f.Upload(t.Context(), publish.Copy(to, nil)); err == nil || !strings.Contains(err.Error(), "is this the right place") {
		t.Errorf("uploaded over a stranger's file: %v", err)
	}
}
