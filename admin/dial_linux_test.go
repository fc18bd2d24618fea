package admin_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/admin"
)

// A socket is reached also where its path is longer than an address can be.
func TestDialLongPath(t *testing.T) {
	short := newService(admin.Bounds{}).onUnix(t)
	long := filepath.Join(filepath.Dir(short), strings.Repeat("d", 150))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(long, "admin.sock")
	if err := os.Rename(short, path); err != nil {
		t.Fatal(err)
	}
	if _, err := net.Dial("unix", path); err == nil {
		t.Fatalf("%d bytes are not too long for this system", len(path))
	}
	if _, err := admin.Dial(path).Status(bounded(t)); err != nil {
		t.Error(err)
	}
	if _, err := admin.Dial(filepath.Join(long, "no", "admin.sock")).Status(bounded(t)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: got %v", err)
	}
	if _, err := admin.Dial(filepath.Join(long, "no.sock")).Status(bounded(t)); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "no.sock") {
		t.Errorf("a socket that is not there: got %v", err)
	}
}
