package demo

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer"
)

// dirPrefix begins the name of the demo's directory; nothing else is ever
// removed.
const dirPrefix = "overseer-demo-"

// endWithDemo waits for the end of standard input, a pipe whose other end the
// demo alone holds: it comes when the demo has died, however that was. The
// service then ends as SIGTERM would end it. Master and workers both watch;
// overseer takes the two signals for one.
//
// Where standard input is no pipe, as in the preflight of a release, nobody is
// there to die.
func endWithDemo(dir string) {
	if info, err := os.Stdin.Stat(); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return
	}
	io.Copy(io.Discard, os.Stdin)
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		self.Signal(overseer.SIGTERM)
	}
	removeDir(dir)
}

// A service that ends still writes what it has to tell into its state directory:
// a removal that meets that is tried again.
const (
	removals     = 100
	removalPause = 20 * time.Millisecond
)

// removeDir removes the demo's directory, and only such a one.
func removeDir(dir string) (err error) {
	if !filepath.IsAbs(dir) || !strings.HasPrefix(filepath.Base(dir), dirPrefix) {
		return nil
	}
	for range removals {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		time.Sleep(removalPause)
	}
	return err
}
