//go:build unix

package master

import (
	"cmp"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/seed-3d078585/overseer/internal/proc"
	"github.com/seed-3d078585/overseer/internal/shim"
	"github.com/seed-3d078585/overseer/internal/socket"
)

// shimTimeout bounds the time from the start of a shim until the program runs in
// its place.
const shimTimeout = 10 * time.Second

// startCommand starts a program of another language as a generation.
func (m *Master) startCommand(w *worker, open func() (binary, error)) {
	f, bin, err := m.startForeign(foreignStart{
		open: open, sockets: m.cfg.Sockets, probed: m.cfg.Command.PrivateProbe, capture: m.cfg.Command.CaptureStderr,
		env: traceVariable(w.trace),
		log: m.cfg.Log.With("generation", int(w.gen)),
	})
	if err != nil {
		m.notStarted(w, err)
		return
	}
	m.call(func() { w.runForeign(f, bin) })
	select {
	case <-m.quit: // the master has ended meanwhile: nobody took the process over
		if !w.runs() {
			f.kill()
			f.close()
		}
	default:
	}
}

// A foreignStart is one run of a program, as a generation or to try it.
type foreignStart struct {
	open    func() (binary, error)
	sockets []*socket.Socket
	log     *slog.Logger
	args    []string // nil: those of the Command
	env     []string // beside that of the Command
	capture bool     // of standard error
	quiet   bool     // standard output and what is captured go nowhere
	probed  bool     // over a private socket
	own     bool     // the sockets are this run's alone
}

// startForeign starts a program and waits until it runs.
func (m *Master) startForeign(s foreignStart) (*foreign, binary, error) {
	bin, err := s.open()
	if err != nil {
		return nil, binary{}, err
	}
	if bin.owned {
		defer bin.file.Close()
	}
	f := &foreign{
		m: m, cmd: m.cfg.Command, log: s.log, sockets: s.sockets,
		said: make(chan struct{}), gone: make(chan struct{}), warned: map[string]bool{}, rehearses: s.own, tree: bin.tree,
	}
	if f.notify, err = listenNotify(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		f.close()
		return nil, binary{}, err
	}
	if err := f.start(s, bin); err != nil {
		f.close()
		return nil, binary{}, err
	}
	m.forked()
	if err := m.identify(&bin); err != nil {
		f.kill()
		f.process.Exit()
		f.close()
		return nil, binary{}, err
	}
	if f.notify != nil {
		m.beside.Go(f.listen)
	}
	return f, bin, nil
}

// start starts the shim and waits until it has become the program.
func (f *foreign) start(s foreignStart, bin binary) error {
	l, err := f.launch(s, bin)
	if err != nil {
		return err
	}
	defer l.close()
	spec := proc.Spec{
		Binary: f.m.shim, Path: f.m.shim.Name(),
		Args: l.args, Env: l.env, Dir: cmp.Or(bin.dir, f.cmd.Dir), Files: l.files,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		CaptureStderr: s.capture && (s.quiet || !f.m.tty.stderr),
		OwnGroup:      f.m.tty.ownGroups,
		Credential:    f.m.cfg.Credential,
		Prepared:      true,
	}
	if s.quiet {
		spec.Stdout, spec.Stderr = nil, nil
	}
	err = f.m.starter.do(func() error {
		f.process, err = proc.Start(spec, func(x proc.Extra) []string {
			if x.Stderr != 0 {
				l.order.Close = []int{x.Stderr}
			}
			return []string{l.order.Environ()}
		})
		return err
	})
	if err != nil {
		return err
	}
	l.reportEnd.Close()
	l.report.SetReadDeadline(time.Now().Add(shimTimeout))
	if err := shim.ReadReport(l.report); err != nil {
		f.process.Kill()
		f.process.Exit()
		return proc.Explain(l.path, f.m.cfg.Credential, err)
	}
	return nil
}
