//go:build unix

package store

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What has another name, or is a link, is replaced or refused; nothing is written
// through it.
func TestNothingIsWrittenThroughALink(t *testing.T) {
	for _, row := range []struct {
		name string
		link func(old, new string) error
	}{{"hard", os.Link}, {"symbolic", os.Symlink}} {
		t.Run(row.name, func(t *testing.T) {
			target := newTarget(t, v1)
			s := open(t, target)
			must(t, life(s, v2)) // the state directory is there
			victim := filepath.Join(filepath.Dir(target), "victim")
			must(t, os.WriteFile(victim, v3, 0o644))
			previous := filepath.Join(s.Dir(), "app.previous")
			must(t, os.Remove(previous))
			for _, path := range []string{filepath.Join(s.Dir(), quarantineFile), filepath.Join(s.Dir(), heldFile), filepath.Join(s.Dir(), trialsFile), previous} {
				must(t, row.link(victim, path))
			}
			for _, err := range []error{life(s, []byte("a third one")), s.Quarantine(sum(v1), "r", time.Time{}), s.SetHeld(Held{Since: time.Now()})} {
				t.Logf("%v", err) // a link may be refused, or replaced
			}
			wantContent(t, victim, v3)
			if info, err := os.Lstat(victim); err != nil || info.Mode() != 0o644 {
				t.Errorf("%v, %v; want its mode as it was", info.Mode(), err)
			}
			must(t, os.Remove(filepath.Join(s.Dir(), "lock")))
			must(t, os.Symlink(victim, filepath.Join(s.Dir(), "lock")))
			if err := s.Quarantine(sum(v3), "r", time.Time{}); err == nil {
				t.Error("a lock that is a link is taken")
			}
		})
	}
}
