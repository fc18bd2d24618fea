//go:build unix

package worker

import (
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/seed-3d078585/overseer/internal/handover"
)

// Prepare makes a process that was just started by a master look as if it had
// been started by hand. It is called before the program's own code runs.
func Prepare(in handover.Inherited) {
	if in.Crash != nil {
		// The runtime keeps a duplicate, close-on-exec. A program that sets
		// its own crash output takes ours away, which costs a log line.
		debug.SetCrashOutput(in.Crash, debug.CrashOptions{})
		in.Crash.Close()
	}
	if in.Nohup {
		signal.Ignore(syscall.SIGHUP)
	}
	if in.Ignored != 0 {
		// A signal for the master that is sent to all processes of that name,
		// as pkill(1) does, must not end the worker. The program may take it too.
		signal.Notify(make(chan os.Signal, 1), syscall.Signal(in.Ignored))
	}
	// The master starts workers by /proc/self/fd/N, and N would be their name
	// in ps(1) and pgrep(1); see proc(5). No such file: no such trouble.
	if len(os.Args) > 0 {
		os.WriteFile("/proc/self/comm", []byte(filepath.Base(os.Args[0])), 0)
	}
}

// restoreStderr ends the capture of standard error: from now on the program's
// lines do not pass through the master.
func (w *Worker) restoreStderr() {
	f := w.inherited.Stderr
	if f == nil {
		return
	}
	defer f.Close()
	raw, err := f.SyscallConn()
	if err != nil {
		return // the pipe stays, and works
	}
	raw.Control(func(fd uintptr) { replaceStderr(int(fd)) })
}
