package demo

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// patience bounds the wait for whatever must come next.
const patience = 20 * time.Second

// bring publishes a version and waits for its fate.
func (d *director) bring(ctx context.Context, v version) error {
	switch v.fate {
	case refused:
		return d.refusal(ctx, v)
	case rolledBack:
		return d.rollback(ctx, v)
	default:
		return d.upgrade(ctx, v)
	}
}

// open waits for the first generation and puts it under load.
func (d *director) open(ctx context.Context) (err error) {
	if err := d.until(ctx, "the first generation is live", patience, is(kindLive, "")); err != nil {
		return err
	}
	if d.address == "" {
		if err := d.until(ctx, "the program says where it serves", patience, is(messageServing, "")); err != nil {
			return err
		}
	}
	if d.load, err = startLoad(ctx, d.address); err != nil {
		return err
	}
	d.screen.event(bold, "»", fmt.Sprintf("load on http://%s: %d clients on kept connections, %d with a new one each time", d.address, clients, clients))
	return d.pause(ctx, 2*beat)
}

func (d *director) restart(ctx context.Context) error {
	before := d.live
	d.screen.event(bold, "»", "restart: kill -USR2")
	if err := d.process.restart(); err != nil {
		return fmt.Errorf("ask for a restart: %w", err)
	}
	err := d.until(ctx, "a new generation is live after a restart", patience, func(e event) bool {
		return e.Kind == kindLive && e.Generation > before
	})
	if err != nil {
		return err
	}
	d.score.restarts++
	return d.pause(ctx, beat)
}

// upgrade publishes a release that must be installed.
func (d *director) upgrade(ctx context.Context, v version) error {
	release := d.publish(v)
	if err := d.until(ctx, v.version+" is installed", patience, is(kindCommitted, release)); err != nil {
		return err
	}
	if err := d.until(ctx, v.version+" has passed its probation", patience, is(kindLive, release)); err != nil {
		return err
	}
	d.score.upgrades++
	return d.inPlace(v.label)
}

// refusal publishes a release that must never see a public request.
func (d *director) refusal(ctx context.Context, v version) error {
	before := d.version
	release := d.publish(v)
	if err := d.until(ctx, v.version+" is refused", patience, is(kindFailed, release)); err != nil {
		return err
	}
	if d.version != before {
		return fmt.Errorf("%s is live, want %s", d.version, before)
	}
	d.score.refused++
	return nil
}

// rollback publishes a release that must be taken back during its trial.
func (d *director) rollback(ctx context.Context, v version) error {
	before := d.version
	release := d.publish(v)
	if err := d.until(ctx, v.version+" is on trial", patience, is(kindTrial, release)); err != nil {
		return err
	}
	if err := d.until(ctx, v.version+" is rolled back", patience, is(kindRolledBack, release)); err != nil {
		return err
	}
	if err := d.until(ctx, before+" is put back", patience, is(kindLive, "")); err != nil {
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
func (d *director) end(ctx context.Context) error {
	d.process.askToEnd()
	err := d.until(ctx, "the service ends when it is asked to", stopWait, func(event) bool { return false })
	if errors.Is(err, errEnded) && d.process.err == nil {
		return nil
	}
	return err
}
