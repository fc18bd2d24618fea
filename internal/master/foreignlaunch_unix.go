//go:build unix

package master

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/proc"
	"github.com/seed-3d078585/overseer/internal/shim"
	"github.com/seed-3d078585/overseer/internal/socket"
	"github.com/seed-3d078585/overseer/internal/systemd"
	"golang.org/x/sys/unix"
)

// A launch is what a shim is started with.
type launch struct {
	order     shim.Order
	path      string // what is executed, for people
	args, env []string
	files     []*os.File // descriptors from 3 on
	owned     []*os.File
	report    *os.File
	reportEnd *os.File
}

func (l *launch) close() {
	for _, f := range l.owned {
		f.Close()
	}
}

// launch gathers what one run is started with. The caller closes it.
func (f *foreign) launch(s foreignStart, bin binary) (l *launch, err error) {
	l = &launch{order: shim.Order{Parent: os.Getpid(), Death: f.cmd.Drain, Listen: len(f.sockets) > 0}}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	if err := l.take(f.sockets); err != nil {
		return l, err
	}
	if s.probed {
		private, release, err := f.privateSocket()
		if err != nil {
			return l, err
		}
		defer release() // the program has its copy then, and nobody else
		if err := l.take([]*socket.Socket{private}); err != nil {
			return l, err
		}
	}
	l.report, l.reportEnd, err = os.Pipe()
	if err != nil {
		return l, fmt.Errorf("make pipe: %w", err)
	}
	l.owned = append(l.owned, l.report, l.reportEnd)
	l.order.Report = 3 + len(l.files)
	l.files = append(l.files, l.reportEnd)
	l.args = append([]string(nil), f.cmd.Args...)
	if s.args != nil {
		l.args = append([]string(nil), s.args...)
	}
	if err := f.name(l, bin); err != nil {
		return l, err
	}
	l.env = f.environ(s)
	return l, nil
}

// take adds copies of sockets. The sockets' own descriptors are not wrapped in
// files, whose finalizers would close them.
func (l *launch) take(sockets []*socket.Socket) error {
	for _, s := range sockets {
		fd, err := unix.FcntlInt(s.FD(), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("copy the socket of %q: %w", s.Address(), os.NewSyscallError("fcntl", err))
		}
		file := os.NewFile(uintptr(fd), s.Address())
		l.files, l.owned = append(l.files, file), append(l.owned, file)
	}
	return nil
}

// name says what is executed, and by what name a release is known.
//
// The program itself is executed by the descriptor that was hashed, where the
// system can and it is no script: an interpreter opens a script by its name, and
// scripts find what belongs to them by it. So a script, and a release that is an
// argument, go by their path, which is looked at once more at this moment.
func (f *foreign) name(l *launch, bin binary) error {
	l.path = f.cmd.Program
	byName := false
	for _, i := range f.cmd.Release {
		if bin.dir != "" {
			l.args[i] = bin.path // in the tree, which has no name that stays
		}
		switch {
		case i > 0:
			byName = true
			if bin.path != f.m.cfg.Binary { // else it stays as the user wrote it
				l.args[i] = bin.path
			}
		case proc.ByDescriptor && !isScript(bin.file):
			l.path = bin.path
			l.order.Binary = 3 + len(l.files)
			l.files = append(l.files, bin.file)
		default:
			l.path = bin.path
			byName = true
		}
	}
	l.order.Path = l.path
	if !byName {
		return nil
	}
	held, err := bin.file.Stat()
	if err != nil {
		return fmt.Errorf("look at the program %q: %w", bin.path, err)
	}
	named, err := os.Stat(bin.path)
	if err != nil {
		return fmt.Errorf("look at the program %q: %w", bin.path, err)
	}
	if !os.SameFile(held, named) {
		return fmt.Errorf("start %q: it was replaced while it was being started: %w", bin.path, unix.EAGAIN)
	}
	return nil
}

// isScript reports whether a file names its interpreter, as execve(2) has it.
func isScript(f *os.File) bool {
	var mark [2]byte
	_, err := f.ReadAt(mark[:], 0)
	return err == nil && string(mark[:]) == "#!"
}

// environ is the program's environment but for what the shim adds.
func (f *foreign) environ(s foreignStart) []string {
	own := append(append([]string(nil), f.cmd.Env...), s.env...)
	without := append(handover.Variables(), shim.Variable+"=")
	for _, v := range own {
		name, _, _ := strings.Cut(v, "=")
		without = append(without, name+"=")
	}
	env := append(proc.Environ(systemd.Without(os.Environ()), without...), own...)
	if n := len(f.sockets); n > 0 {
		names := f.cmd.Names
		if s.probed {
			n, names = n+1, append(append([]string(nil), names...), privateName)
		}
		env = append(env, "LISTEN_FDS="+strconv.Itoa(n), "LISTEN_FDNAMES="+strings.Join(names, ":"))
	}
	if f.notify != nil {
		env = append(env, "NOTIFY_SOCKET="+f.notify.name)
	}
	return env
}
