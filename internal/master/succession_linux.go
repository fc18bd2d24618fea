package master

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/proc"
)

// This file replaces the master by the installed binary:
//
//	check   open and hash it, have it read our state and its configuration
//	still   end the fetching, wait for the disk and the hooks
//	park    stop all conversations between two messages
//	decide  machine.SuccessorChecked: is everything still at rest?
//	exec    take the last signals, write the state, execve(2)
//
// The first three run beside the owner, which goes on deciding; what happens
// meanwhile is found at the fourth. Each can be undone, and is where a later one
// fails.

// hooksTimeout bounds the wait for the user's hooks; one that takes longer is
// cut off by the execve.
const hooksTimeout = 10 * time.Second

// parkings is how often parking is tried where something comes in between.
const parkings = 10

// succession is what the owner holds of one that is about to happen.
type succession struct{ binary binary }

// checkSuccessor carries out [machine.CheckSuccessor].
func (m *Master) checkSuccessor(d machine.Digest) {
	m.beside.Go(func() {
		bin, err := m.askSuccessor(d)
		if err == nil {
			defer bin.file.Close()
			err = m.stand()
		}
		if err == nil {
			err = m.takeOver(d, bin)
		}
		// Here the succession has failed, or was overtaken by something else.
		m.updates.start()
		if err != nil && !errors.Is(err, errOvertaken) {
			temporary := errors.Is(err, errBusy) || proc.Temporary(err) || m.cfg.Temporary(err)
			m.post(machine.SuccessorChecked{Digest: d, Err: err.Error(), Temporary: temporary})
		}
	})
}

// errOvertaken says that the machine was told already that there is no result.
var errOvertaken = errors.New("the master is not at rest any more")

// errBusy marks what hinders a succession and has nothing to do with the binary.
var errBusy = errors.New("the master does not come to a rest")

// askSuccessor opens the installed binary and has it checked.
func (m *Master) askSuccessor(d machine.Digest) (binary, error) {
	bin, err := m.openInstalled()
	if err != nil {
		return binary{}, err
	}
	if err := hash(&bin); err != nil {
		bin.file.Close()
		return binary{}, err
	}
	if got := machine.Digest(bin.digest.String()); got != d {
		bin.file.Close()
		return binary{}, fmt.Errorf("the installed binary is release %s by now, and %s runs", bin.digest.Short(), digest(d).Short())
	}
	var state State
	if !m.ask(func() {
		if !m.machine.AtRest(d) {
			m.step(machine.SuccessorChecked{Digest: d, Overtaken: true})
			err = errOvertaken
			return
		}
		state, err = m.state(true)
	}) {
		err = errEnded
	}
	if err == nil {
		err = m.show(bin, state)
	}
	if err != nil {
		bin.file.Close()
		return binary{}, err
	}
	return bin, nil
}

// show has a binary look at a state.
func (m *Master) show(bin binary, state State) error {
	f, err := state.file()
	if err != nil {
		return err
	}
	defer f.Close()
	return m.cfg.CheckSuccessor(m.ctx, bin.file, f)
}

// stand waits for what runs beside and has to end before an execve.
func (m *Master) stand() error {
	if err := m.updates.stop(updatesTimeout); err != nil {
		return fmt.Errorf("%w: %w", errBusy, err)
	}
	timer := time.NewTimer(hooksTimeout)
	defer timer.Stop()
	for {
		running := 0
		if !m.ask(func() { running, m.cutOff = m.hooking, 0 }) {
			return errEnded
		}
		if running == 0 {
			return nil
		}
		select {
		case <-m.hooked:
		case <-timer.C:
			m.cfg.Log.Warn("a hook does not return and is cut off: the master is replaced", "bound", hooksTimeout)
			m.ask(func() { m.cutOff = m.hooking })
			return nil
		case <-m.quit:
			return errEnded
		}
	}
}

// takeOver parks all that speaks and puts the question to the machine. Where it
// returns nil, the machine has been told, and this master goes on.
func (m *Master) takeOver(d machine.Digest, bin binary) (err error) {
	for range parkings {
		var over bool
		over, err = m.tryTakeOver(d, bin)
		if over {
			return nil
		}
		select {
		case <-time.After(parkPause):
		case <-m.quit:
			return nil
		}
	}
	return fmt.Errorf("%w: %w", errBusy, err)
}

// parkPause lets what came in between pass.
const parkPause = 50 * time.Millisecond

func (m *Master) tryTakeOver(d machine.Digest, bin binary) (over bool, err error) {
	var workers []*worker
	if !m.ask(func() {
		for _, w := range m.workers {
			if w.process != nil {
				workers = append(workers, w)
			}
		}
	}) {
		return true, nil
	}
	deadline, cancel := context.WithTimeout(m.ctx, parkTimeout)
	defer cancel()
	for i, w := range workers {
		if err = w.park(deadline); err != nil {
			workers = workers[:i+1]
			break
		}
	}
	release := func() {}
	if err == nil {
		release, err = proc.HoldReaping(parkTimeout)
	}
	if err == nil {
		m.ask(func() { over, err = m.decide(d, bin, workers) })
		release()
	}
	m.ask(func() {
		for _, w := range workers {
			w.unpark()
		}
	})
	return over, err
}

// decide is run by the owner when all is parked. It does not return where the
// master is replaced; over says that the machine was asked.
func (m *Master) decide(d machine.Digest, bin binary, parked []*worker) (over bool, err error) {
	m.catchUp()
	if !m.machine.AtRest(d) {
		m.step(machine.SuccessorChecked{Digest: d, Overtaken: true})
		return true, nil
	}
	if err := m.still(parked); err != nil {
		return false, err
	}
	m.succession = succession{binary: bin}
	m.step(machine.SuccessorChecked{Digest: d})
	m.succession = succession{}
	return true, nil
}

// catchUp takes what others are about to tell the owner.
func (m *Master) catchUp() {
	for {
		select {
		case ev := <-m.events:
			m.step(ev)
		case f := <-m.calls:
			f()
		default:
			return
		}
	}
}

// still reports what keeps this master from writing down all that it holds.
func (m *Master) still(parked []*worker) error {
	if len(parked) != len(m.workers) {
		return errors.New("a generation has begun or ended")
	}
	for _, w := range parked {
		switch {
		case m.workers[w.gen] != w, w.process.Ended():
			return fmt.Errorf("generation %d has ended", w.gen)
		case len(w.out) > 0:
			return fmt.Errorf("generation %d has yet to be told something", w.gen)
		}
	}
	if m.hooking > m.cutOff {
		return errors.New("a hook has begun")
	}
	if m.passing > 0 {
		return errors.New("a generation is being handed the end of a way")
	}
	if !m.service.still() {
		return errors.New("the service manager is being told something")
	}
	if m.restoring > 0 || !m.disk.still() {
		return errors.New("the disk is being written to")
	}
	return nil
}
