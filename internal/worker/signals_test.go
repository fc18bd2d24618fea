//go:build unix

package worker

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
)

// What comes on two ways is seen once. Each case is a process of its own, for
// signals are the whole process's.
func TestSignals(t *testing.T) {
	names := []string{"passed on", "direct and passed on", "passed on and direct", "alone", "not watched"}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(slices.Clip(os.Environ()), childVariable+"=signal "+name, "GORACE=atexit_sleep_ms=0")
			out, err := cmd.CombinedOutput()
			if name == "not watched" {
				var exit *exec.ExitError
				if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
					t.Fatalf("ended with %v: %s; want death by the signal, as on its own", err, out)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		})
	}
}

func init() {
	const sig = syscall.SIGTERM
	self := func() { syscall.Kill(os.Getpid(), sig) }
	drain := func(w *Worker) { w.drain(handover.Drain{Timeout: time.Minute, Signal: int(sig)}) }
	children["signal passed on"] = func() error {
		w, seen, _ := watched(time.Minute)
		drain(w)
		return once(seen)
	}
	children["signal direct and passed on"] = func() error {
		w, seen, _ := watched(time.Minute)
		self()
		if err := first(seen); err != nil {
			return err
		}
		drain(w)
		return silence(seen)
	}
	children["signal passed on and direct"] = func() error {
		w, seen, _ := watched(time.Minute)
		drain(w)
		self() // within the grace
		return once(seen)
	}
	children["signal alone"] = func() error {
		w, seen, codes := watched(10 * time.Millisecond)
		self()
		if err := once(seen); err != nil {
			return err
		}
		select {
		case <-w.Graceful:
		case <-time.After(patience):
			return errors.New("the worker does not drain")
		}
		select {
		case code := <-codes:
			if code != 128+15 {
				return fmt.Errorf("the process ends with %d; want 143", code)
			}
		case <-time.After(patience):
			return errors.New("the worker does not end")
		}
		return nil
	}
	children["signal not watched"] = func() error {
		w := bare(time.Minute)
		drain(w)
		<-time.After(patience)
		return errors.New("the signal did nothing")
	}
}

// watched is a worker that watches signals, and what its program sees of them.
func watched(timeout time.Duration) (*Worker, <-chan os.Signal, <-chan int) {
	w := bare(timeout)
	codes := make(chan int, 1)
	w.quit = func(code int) { codes <- code }
	seen := make(chan os.Signal, 10)
	signal.Notify(seen, syscall.SIGTERM)
	w.Handle()
	w.Handle()
	return w, seen, codes
}

func first(seen <-chan os.Signal) error {
	select {
	case <-seen:
		return nil
	case <-time.After(patience):
		return errors.New("no signal came")
	}
}

func silence(seen <-chan os.Signal) error {
	select {
	case <-seen:
		return errors.New("the signal came twice")
	case <-time.After(3 * directGrace):
		return nil
	}
}

func once(seen <-chan os.Signal) error { return errors.Join(first(seen), silence(seen)) }
