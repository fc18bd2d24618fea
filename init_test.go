//go:build linux

package overseer_test

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// idle is a process that ends as soon as its packages are initialised.
var idle = register("idle", func() {})

// TestInitIsLight: a start is two processes, and each initialises all packages.
// What some program may need and most never do, as a regular expression or a
// table, is made when it is asked for. See GODEBUG=inittrace in package runtime.
func TestInitIsLight(t *testing.T) {
	usedPrograms.Store(idle, true)
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Env = append(cmd.Environ(), programVariable+"="+idle, "GODEBUG=inittrace=1", "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	const most = 16 << 10 // bytes
	found := 0
	for line := range strings.Lines(string(out)) {
		// init PACKAGE @4.2 ms, 0.020 ms clock, 1424 bytes, 17 allocs
		fields := strings.Fields(line)
		if len(fields) < 10 || fields[0] != "init" || !strings.HasPrefix(fields[1], modulePath) || strings.HasSuffix(fields[1], "_test") {
			continue
		}
		found++
		n, err := strconv.Atoi(fields[7])
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if n > most {
			t.Errorf("package %s allocates %d bytes before main, want at most %d", fields[1], n, most)
		}
	}
	if found == 0 {
		t.Errorf("no package of ours in\n%s", out)
	}
}
