package demo

import (
	"context"
	"fmt"
	"time"
)

// beat is the time between two scenes.
const beat = 1500 * time.Millisecond

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
func (d *director) play(ctx context.Context) error {
	if err := d.open(ctx); err != nil {
		return err
	}
	if err := d.restart(ctx); err != nil {
		return err
	}
	for i, v := range releases {
		if i == len(releases)-1 {
			if err := d.restart(ctx); err != nil {
				return err
			}
		}
		d.screen.event(bold, "»", fmt.Sprintf("publish %s: %s", v.version, v.about))
		if err := d.bring(ctx, v); err != nil {
			return fmt.Errorf("%s (%s): %w", v.version, v.about, err)
		}
		if err := d.pause(ctx, beat); err != nil {
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
