//go:build unix

package fetcher_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/seed-3d078585/overseer/fetcher"
)

// A named pipe in a file's place keeps nobody waiting for its writer.
func TestDirPipe(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "stable.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := fetcher.Dir(dir).Open(t.Context(), fetcher.Want{Name: "stable.json"})
	wantSays(t, err, "a named pipe")
}
