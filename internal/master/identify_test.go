//go:build unix

package master

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/internal/digests"
	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/release"
)

// patience bounds what these tests wait for.
const patience = 20 * time.Second

// "reached" is a worker whose main tells that it has been reached, and which then
// waits for its master.
func init() {
	children["reached"] = func() error {
		in, ok := handover.Inherit()
		if !ok {
			return errors.New("this is no worker")
		}
		conn, err := net.Dial("unix", os.Getenv("REACHED"))
		if err != nil {
			return err
		}
		defer conn.Close()
		io.Copy(io.Discard, in.Control)
		return nil
	}
}

// runsFirst are digests that are known once the process has reached its main.
type runsFirst struct {
	net.Listener
	err error
}

func (d runsFirst) Of(*os.File) (digests.Sums, error) {
	d.Listener.(*net.UnixListener).SetDeadline(time.Now().Add(patience))
	conn, err := d.Accept()
	if err != nil {
		return digests.Sums{}, fmt.Errorf("the process does not run while its binary is hashed: %w", err)
	}
	conn.Close()
	return digests.Sums{Digest: release.Digest{7}, ID: "07"}, d.err
}

func (runsFirst) Keep() error { return nil }

// TestHashedWhileItStarts: a binary is hashed when its process runs already. A
// process whose binary cannot be hashed is ended.
func TestHashedWhileItStarts(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	failed := errors.New("the disk is broken")
	for name, fails := range map[string]error{"hashed": nil, "not hashed": failed} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "reached")
			l, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			t.Setenv(childVariable, "reached")
			t.Setenv("REACHED", path)
			t.Setenv("GORACE", "atexit_sleep_ms=0")
			m := New(Config{Binary: self, Signals: CatchSignals(syscall.SIGUSR2), Digests: runsFirst{l, fails}})
			defer m.signals.close()
			owner := make(chan struct{})
			go func() {
				defer close(owner)
				for {
					select {
					case f := <-m.calls:
						f()
					case <-m.quit:
						return
					}
				}
			}()
			defer func() { close(m.quit); <-owner }()

			process, bin, conn, err := m.startProcess(m.openInstalled, "")
			if fails != nil {
				if !errors.Is(err, failed) || process != nil {
					t.Errorf("%v, %v, want %v and no process", process, err, failed)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer process.Exit()
			defer process.Kill()
			defer conn.Close()
			all := make(chan struct{})
			m.call(func() { close(all) }) // behind what the start has asked of the owner
			<-all
			syscall.Kill(os.Getpid(), syscall.SIGHUP)
			select {
			case <-m.signals.other:
			case <-time.After(patience):
				t.Error("once the first process has been started, a signal is not taken")
			}
			if (bin.digest != release.Digest{7}) || bin.id != "07" {
				t.Errorf("digests %v, %q", bin.digest, bin.id)
			}
		})
	}
}
