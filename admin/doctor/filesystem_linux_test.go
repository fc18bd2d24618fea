package doctor

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// examineOn examines a program on a tmpfs that is mounted with options, in a mount
// namespace of its own; prepare is sh that runs there before.
func examineOn(t *testing.T, options, prepare string) []Finding {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to mount a filesystem")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := `set -e; mount -t tmpfs -o "$1" none "$0"; mkdir -m 700 "$0/state"; head -c 40000 /dev/zero >"$0/app"; chmod 755 "$0/app"; ` + prepare + `; exec "$2"`
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--", "sh", "-c", script, dir, options, self)
	cmd.Env = append(os.Environ(), roleVariable+"=examine", "TEST_BINARY="+filepath.Join(dir, "app"), "TEST_STATE="+filepath.Join(dir, "state"), "GORACE=atexit_sleep_ms=0")
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, errs.String())
	}
	var found []Finding
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return found
}

func TestFilesystems(t *testing.T) {
	t.Parallel()
	good := examineOn(t, "size=1m", ":")
	expect(t, "good", good, "mounts", OK, "")
	expect(t, "good", good, "disk space", OK, "free")
	for _, f := range of(examineOn(t, "size=1m,noexec", ":"), "mounts") {
		if f.Result != Fail || !strings.Contains(f.Found, "noexec") {
			t.Errorf("noexec: %+v", f)
		}
	}
	for _, f := range of(examineOn(t, "size=1m", `mount -o remount,ro "$0"`), "mounts") {
		if f.Result != Fail || !strings.Contains(f.Found, "read-only") {
			t.Errorf("read-only: %+v", f)
		}
	}
	expect(t, "full", examineOn(t, "size=256k", `head -c 210000 /dev/zero >"$0/fill" || :`), "disk space", Fail, "make room")
	expect(t, "nearly full", examineOn(t, "size=256k", `head -c 130000 /dev/zero >"$0/fill"`), "disk space", Warn, "make room")
	expect(t, "no inodes", examineOn(t, "size=1m,nr_inodes=8", ":"), "disk space", Fail, "more files")
}
