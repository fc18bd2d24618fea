//go:build unix

package master

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/seed-3d078585/overseer/internal/handover"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/socket"
	"golang.org/x/sys/unix"
)

// This file holds which sockets the master has, and which of them a generation
// is given. A release may be configured for other addresses than the one before:
// its worker says so in its hello, what is missing is bound, and the machine
// decides when what nobody goes on with is retired.

// sockets are those that the master holds, by the machine's number. They belong
// to the owner.
type sockets struct {
	held map[int]*socket.Socket
	last int // the highest number given; -1: none

	// compared is set once a worker of the master's own binary has said its
	// addresses; wanders where they were not the master's, as of a program that
	// looks for a free port each time: what its workers say is of no account.
	compared, wanders bool
}

func newSockets(all []*socket.Socket) sockets {
	s := sockets{held: map[int]*socket.Socket{}, last: -1}
	for _, one := range all {
		s.add(one)
	}
	return s
}

func (s *sockets) add(one *socket.Socket) (number int) {
	s.last++
	s.held[s.last] = one
	return s.last
}

// given is one socket of a generation, in the order in which it has them.
type given struct {
	number int // -1: yet to be bound
	*socket.Socket
	copy int // of the descriptor, for the set-up of a worker; the socket's own is the owner's
}

func (s *sockets) list(numbers []int) (list []given) {
	for _, n := range numbers {
		if one := s.held[n]; one != nil {
			list = append(list, given{number: n, Socket: one})
		}
	}
	return list
}

// equip finds or makes the sockets for a worker that has said hello, tells the
// machine, and returns them. It runs beside the owner, as an address may have to
// be waited for.
func (m *Master) equip(w *worker, hello handover.Hello) ([]given, error) {
	var plan []given
	var missing []socket.Address
	var held []*socket.Socket
	var err error
	says := w.version.Load() >= 2
	if !m.ask(func() {
		plan, missing, err = m.plan(says, hello.Addresses)
		held = slices.Collect(maps.Values(m.sockets.held))
	}) {
		return nil, errEnded
	}
	var fresh []*socket.Socket
	if err == nil && missing != nil {
		fresh, err = socket.Listen(m.ctx, missing, socket.Options{Held: held})
	}
	if err != nil {
		m.post(machine.Unequipped{Gen: w.gen, Reason: err.Error()})
		return nil, err
	}
	late := false
	if !m.ask(func() {
		if late = !m.give(w, plan, fresh); !late {
			err = copyAll(plan)
		}
	}) || late {
		for _, s := range fresh {
			err = errors.Join(err, s.Unlink(), s.Close())
		}
		return nil, errors.Join(errors.New("its sockets came too late: it was given up"), err)
	}
	return plan, err
}

// copyAll copies the descriptors: by the time that they are sent the owner may
// have closed its own.
func copyAll(all []given) error {
	for i := range all {
		fd, err := unix.FcntlInt(all[i].FD(), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			closeCopies(all[:i])
			return fmt.Errorf("copy the socket of %q: %w", all[i].Address(), os.NewSyscallError("fcntl", err))
		}
		all[i].copy = fd
	}
	return nil
}

func closeCopies(all []given) {
	for _, g := range all {
		unix.Close(g.copy)
	}
}

// plan says which sockets a worker with these addresses is given, and which have
// to be bound for it; says is false for one that does not say its addresses.
func (m *Master) plan(says bool, addresses []string) (plan []given, missing []socket.Address, err error) {
	base := m.sockets.list(m.machine.Snapshot().Sockets)
	if !says || m.sockets.strays(addresses, base) {
		return base, nil, nil
	}
	wanted, err := socket.ParseAll(addresses)
	if err != nil {
		return nil, nil, fmt.Errorf("the release asks for addresses that this master cannot bind (restart the service once to upgrade it): %w", err)
	}
	have := make([]*socket.Socket, len(base))
	for i, b := range base {
		have[i] = b.Socket
	}
	for n, i := range socket.Match(wanted, have) {
		if i < 0 {
			plan, missing = append(plan, given{number: -1}), append(missing, wanted[n])
			continue
		}
		plan = append(plan, base[i])
	}
	return plan, missing, nil
}

// strays reports whether what a worker says of its addresses is of no account.
func (s *sockets) strays(addresses []string, base []given) bool {
	if !s.compared {
		s.compared = true
		s.wanders = !slices.EqualFunc(addresses, base, func(spec string, g given) bool { return spec == g.Spec() })
	}
	return s.wanders
}

// give hands the sockets to a worker, unless its generation has been given up
// meanwhile.
func (m *Master) give(w *worker, plan []given, fresh []*socket.Socket) bool {
	starting := slices.ContainsFunc(m.machine.Snapshot().Generations, func(g machine.Generation) bool {
		return g.Num == w.gen && g.Phase == machine.Starting
	})
	if !starting && len(fresh) > 0 {
		return false
	}
	ev := machine.Greeted{Gen: w.gen, Sockets: []int{}}
	for i := range plan {
		if plan[i].number < 0 {
			plan[i] = given{number: m.sockets.add(fresh[0]), Socket: fresh[0]}
			fresh = fresh[1:]
			m.service.keep(plan[i].Socket)
			m.cfg.Log.Info("bound", "address", plan[i].Address(), "generation", int(w.gen))
		}
		ev.Sockets = append(ev.Sockets, plan[i].number)
	}
	w.sockets = ev.Sockets
	m.step(ev)
	return true
}

// retire closes the master's copies of sockets that nobody is given any more. A
// unix path goes with them.
func (m *Master) retire(numbers []int) {
	for _, n := range numbers {
		s := m.sockets.held[n]
		delete(m.sockets.held, n)
		m.cfg.Log.Info("released", "address", s.Address())
		m.service.forget(s)
		m.closed(s, errors.Join(s.Unlink(), s.Close()))
	}
}

// closeSockets gives up the master's copies. A unix path goes with them: after
// this nobody is started who could answer there, unless the service manager keeps
// the socket for the next start.
func (m *Master) closeSockets() {
	for _, s := range m.sockets.held {
		var err error
		if !m.cfg.Kept {
			err = s.Unlink()
		}
		m.closed(s, errors.Join(err, s.Close()))
	}
}

func (m *Master) closed(s *socket.Socket, err error) {
	if err != nil {
		m.cfg.Log.Warn("socket could not be closed", "address", s.Address(), "error", err)
	}
}

// numbers are the machine's, for what a worker says of its sockets by their
// place.
func (w *worker) numbers(places []int) (nums []int) {
	for _, i := range places {
		if i >= 0 && i < len(w.sockets) {
			nums = append(nums, w.sockets[i])
		}
	}
	return nums
}

// places are the worker's, for what the machine says of sockets by their number.
func (w *worker) places(numbers []int) (places []int) {
	if w == nil {
		return nil
	}
	for _, n := range numbers {
		if i := slices.Index(w.sockets, n); i >= 0 {
			places = append(places, i)
		}
	}
	return places
}

// ask has the owner run a function and waits until it has; false means that the
// master has ended.
func (m *Master) ask(f func()) bool {
	done := make(chan struct{})
	if !m.call(func() { defer close(done); f() }) {
		return false
	}
	select {
	case <-done:
		return true
	case <-m.quit:
		return false
	}
}
