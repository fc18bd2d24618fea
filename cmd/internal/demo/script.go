package demo

import (
	"errors"
	"fmt"
	"time"
)

// patience bounds the wait for whatever must come next.
const patience = 20 * time.Second

// beat is the time between two scenes.
const beat = time.Second

// A version of the script.
type version struct {
	label
	about string
	fate  fate
}

// A fate is what must become of a version.
type fate int

const (
	installed  fate = iota // it passes its trial
	refused                // it never gets a public request
	rolledBack             // it gets some, and then the one before it is put back
)

// releases are published in this order, after the first.
var releases = []version{
	{label{"v2", good}, "a good release", installed},
	{label{"v3", crashAtStart}, "it crashes at start", refused},
	{label{"v4", hangAtStart}, "it hangs at start", refused},
	{label{"v5", unhealthy}, "its health check fails", refused},
	{label{"v5.1", crashInService}, "it serves well for a second, then crashes", rolledBack},
	{label{"v6", good}, "a good release", installed},
}

var first = label{"v1", good}

// play plays the whole script. The service runs.
func (d *director) play() error {
	if err := d.open(); err != nil {
		return err
	}
	if err := d.restart(); err != nil {
		return err
	}
	for i, v := range releases {
		if i == len(releases)-1 {
			if err := d.restart(); err != nil {
				return err
			}
		}
		d.screen.event(bold, "»", fmt.Sprintf("publish %s: %s", v.version, v.about))
		if err := d.bring(v); err != nil {
			return fmt.Errorf("%s (%s): %w", v.version, v.about, err)
		}
		if err := d.pause(beat); err != nil {
			return err
		}
	}
	return nil
}

// named returns the versions of one fate.
func named(f fate) (names []string) {
	for _, v := range releases {
		if v.fate == f {
			names = append(names, v.version)
		}
	}
	return names
}

// restarts says when the script restarts the service by hand.
var restarts = []string{"of " + first.version, "before " + releases[len(releases)-1].version}

// bring publishes a version and waits for its fate.
func (d *director) bring(v version) error {
	switch v.fate {
	case refused:
		return d.refusal(v)
	case rolledBack:
		return d.rollback(v)
	default:
		return d.upgrade(v)
	}
}

// open waits for the first generation and puts it under load.
func (d *director) open() (err error) {
	if err := d.until("the first generation is live", patience, is(kindLive, "")); err != nil {
		return err
	}
	if d.address == "" {
		if err := d.until("the program says where it serves", patience, is(messageServing, "")); err != nil {
			return err
		}
	}
	if d.load, err = startLoad(d.ctx, d.address); err != nil {
		return err
	}
	d.screen.event(bold, "»", fmt.Sprintf("load on http://%s: %d clients on kept connections, %d with a new one each time", d.address, clients, clients))
	return d.pause(2 * beat)
}

func (d *director) restart() error {
	before := d.live
	d.screen.event(bold, "»", "restart: kill -USR2")
	if err := d.process.restart(); err != nil {
		return fmt.Errorf("ask for a restart: %w", err)
	}
	err := d.until("a new generation is live after a restart", patience, func(e event) bool {
		return e.Kind == kindLive && e.Generation > before
	})
	if err != nil {
		return err
	}
	d.score.restarts++
	return d.pause(beat)
}

// upgrade publishes a release that must be installed.
func (d *director) upgrade(v version) error {
	release := d.publish(v)
	if err := d.until(v.version+" is installed", patience, is(kindCommitted, release)); err != nil {
		return err
	}
	if err := d.until(v.version+" has passed its probation", patience, is(kindLive, release)); err != nil {
		return err
	}
	d.score.upgrades++
	return d.inPlace(v.label)
}

// refusal publishes a release that must never see a public request.
func (d *director) refusal(v version) error {
	before := d.version
	release := d.publish(v)
	if err := d.until(v.version+" is refused", patience, is(kindFailed, release)); err != nil {
		return err
	}
	if d.version != before {
		return fmt.Errorf("%s is live, want %s", d.version, before)
	}
	d.score.refused++
	return nil
}

// rollback publishes a release that must be taken back during its trial.
func (d *director) rollback(v version) error {
	before := d.version
	release := d.publish(v)
	if err := d.until(v.version+" is on trial", patience, is(kindTrial, release)); err != nil {
		return err
	}
	if err := d.until(v.version+" is rolled back", patience, is(kindRolledBack, release)); err != nil {
		return err
	}
	if err := d.until(before+" is put back", patience, is(kindLive, "")); err != nil {
		return err
	}
	if d.version != before {
		return fmt.Errorf("%s was put back, want %s", d.version, before)
	}
	d.score.rolledBack++
	return nil
}

func (d *director) publish(v version) (release string) {
	digest := d.shelf.publish(v.label)
	d.know(digest, v.version)
	return digest.Short()
}

// inPlace compares what stands at the installed path with what should.
func (d *director) inPlace(want label) error {
	if l, err := labelOf(d.process.binary); err != nil || l != want {
		return fmt.Errorf("installed is %q, want %q (%v)", l.version, want.version, err)
	}
	return nil
}

// is waits for a kind of event, about one release where it names one.
func is(kind, release string) func(event) bool {
	return func(e event) bool {
		return e.Kind == kind && (release == "" || e.Release == release)
	}
}

// end stops the service as an operator would; it must end with code 0.
func (d *director) end() error {
	d.process.askToEnd()
	err := d.until("the service ends when it is asked to", stopWait, func(event) bool { return false })
	if errors.Is(err, errEnded) && d.process.err == nil {
		return nil
	}
	return err
}
