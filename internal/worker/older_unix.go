//go:build unix

package worker

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/socket"
)

// parentInterval is the time between two looks at who the parent is: what is
// lost when the master dies is the address, until its worker lets go of it.
const parentInterval = time.Second

// olderLinger is how long a drain takes at least. The master learns of the
// release of the sockets and of the end of the process on two ways; where the
// second overtakes the first it starts two workers, and forgets one of them.
const olderLinger = 500 * time.Millisecond

// An Older is a Worker whose master is a process of the older library, which has
// fetched a binary built with this one. There is no conversation, only
// signals:
//
//	master                                     worker
//	  start: OVERSEER_IS_SLAVE=1
//	         OVERSEER_SLAVE_ID   a number
//	         OVERSEER_NUM_FDS    n
//	         OVERSEER_BIN_ID     SHA-1 of the binary
//	         OVERSEER_BIN_PATH   its path
//	         descriptors 3 to 3+n-1   -->       TCP listeners, in the order of
//	                                            the addresses; accepts at once
//	                                  <--       restart signal: please restart
//	  restart signal                  -->       stops accepting, drains
//	                                  <--       SIGUSR1: the sockets are released
//	  starts the next worker                    ends within TerminateTimeout
//	  any other signal, passed on     -->
//
// The master keeps the sockets open throughout, so clients wait in their queues
// meanwhile. SIGUSR1 is sent once, where there are sockets and the master is to
// go on: the master takes the first for the release, and passes a second one on
// to the next worker, whom it may kill. A master that has missed it (a signal
// can be lost) goes on when this process has ended.
//
// The end of the worker, unless it was asked for a restart, is the end of the
// master, with its exit code. Nothing tells of the end of the master but that
// the parent of this process is another one; a master that has died before this
// process looked for the first time is not noticed.
type Older struct {
	*Worker
	parent    int
	restart   syscall.Signal
	noRestart bool
}

// early takes a restart signal that comes before the program has called Run.
// The runtime would drop it, and the master kill this process for not
// listening.
var early = make(chan os.Signal, 1)

// PrepareOlder is [Prepare] for a master of the older library.
func PrepareOlder() { signal.Notify(early, syscall.SIGUSR2) }

// OlderConfig is what a master of the older library does not tell.
type OlderConfig struct {
	Addresses     []socket.Address // as they are configured now
	Setup         handover.Setup   // Version and Generation are 0
	RestartSignal os.Signal
	NoRestart     bool           // a restart signal asks for the end
	Quit          func(code int) // ends the process when a drain does not end in time
}

// ConnectOlder takes the sockets over, and begins to listen to the signals.
func ConnectOlder(in handover.Older, c OlderConfig) (*Older, error) {
	restart, ok := c.RestartSignal.(syscall.Signal)
	if !ok {
		return nil, fmt.Errorf("listen to the master: the restart signal %v is none of this system", c.RestartSignal)
	}
	w := newWorker(c.Quit)
	w.Setup, w.linger = c.Setup, olderLinger
	if err := w.adopt(in.Sockets, c.Addresses); err != nil {
		return nil, err
	}
	o := &Older{Worker: w, parent: in.Parent, restart: restart, noRestart: c.NoRestart}
	w.signals = newSignals(w)
	w.signals.obey(restart)
	if len(w.sockets) > 0 {
		w.signals.take()
	}
	if restart != syscall.SIGUSR2 {
		signal.Stop(early)
		early = make(chan os.Signal, 1)
	}
	signal.Notify(early, restart)
	go o.watch(early) // for the life of the process
	for _, s := range w.sockets {
		s.open()
	}
	return o, nil
}

// adopt makes listeners of the sockets. It insists on one for each address, and
// on the right ports: a master knows the addresses of the release that it was
// started from, and a new release may have others. What it has beyond them is
// let go.
func (w *Worker) adopt(files []*os.File, addresses []socket.Address) error {
	if len(files) < len(addresses) {
		return fmt.Errorf("the configuration has %d addresses, the master of the older library %d sockets", len(addresses), len(files))
	}
	for _, f := range files[len(addresses):] {
		f.Close()
	}
	for i, a := range addresses {
		if a.Kind() != socket.Stream || a.Network == "unix" {
			return fmt.Errorf("address %q: a master of the older library has TCP sockets only", a.Spec)
		}
		l, err := w.addListener("tcp", a.Spec, files[i], func(int) {})
		if err != nil {
			return err
		}
		if port := l.Addr().(*net.TCPAddr).Port; !mayBe(a.Port, port) {
			return fmt.Errorf("address %q: the master has port %d in its place", a.Spec, port)
		}
		w.Addresses = append(w.Addresses, a.Resolved(l.Addr()))
	}
	return nil
}

// mayBe reports whether a port is the one that was configured: a number, 0 for
// any, or a name.
func mayBe(configured string, port int) bool {
	want, err := strconv.Atoi(configured)
	if err != nil {
		want, err = net.LookupPort("tcp", configured)
	}
	return err != nil || want == 0 || want == port
}

// watch ends the generation when the master asks for it, or has died.
func (o *Older) watch(asked <-chan os.Signal) {
	look := time.NewTicker(parentInterval)
	defer look.Stop()
	for {
		select {
		case <-asked:
			o.release()
			asked = nil // the master is told once
		case <-look.C:
			if os.Getppid() != o.parent {
				o.orphaned()
				return
			}
		}
	}
}

// release lets go of the sockets and tells the master so.
func (o *Older) release() {
	if o.drain(handover.Drain{Timeout: o.Setup.TerminateTimeout, Last: o.noRestart}) {
		time.AfterFunc(time.Until(o.schedule.final), func() { o.quit(1) })
	}
	if len(o.sockets) > 0 && !o.noRestart {
		// A master that does not wait for it passes it on to this process.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGUSR1)
		o.tell(syscall.SIGUSR1)
	}
}

// tell sends the master a signal, unless it has died.
func (o *Older) tell(sig syscall.Signal) error {
	if os.Getppid() != o.parent {
		return fmt.Errorf("signal the master: process %d has ended", o.parent)
	}
	if err := syscall.Kill(o.parent, sig); err != nil {
		return fmt.Errorf("signal the master: %w", err)
	}
	return nil
}

// Ready does nothing: the master does not ask for it.
func (o *Older) Ready() {}

// Restart asks the master for a restart, with its restart signal. It knows of no
// force: what the restart signal means is settled in its own configuration.
func (o *Older) Restart(force bool) error { return o.tell(o.restart) }

// Status fails: the master tells nothing.
func (o *Older) Status(context.Context) (handover.Status, error) {
	return handover.Status{}, fmt.Errorf("ask the master: process %d is of the older library, which answers no questions: restart the service once", o.parent)
}
