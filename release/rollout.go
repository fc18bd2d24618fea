package release

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// A Rollout lets a release reach a part of the hosts first. It needs no server:
// each host has a slot, made of the seed and its machine ID, and a release
// reaches the slots below the percentage. So the hosts at 10 % are among those
// at 20 %, and another seed makes another choice.
type Rollout struct {
	// Percent of the hosts, 0 to 100. With a Ramp, those at its end.
	Percent float64 `json:"percent"`

	// Seed of the slots. The same for all stages of one release.
	Seed string `json:"seed"`

	// Ramp lets the percentage grow by itself. Nil: it does not.
	Ramp *Ramp `json:"ramp,omitempty"`
}

// A Ramp is a percentage that grows evenly from From, at Start, to that of its
// Rollout, at End, a year later at most. Before Start it is 0.
type Ramp struct {
	From  float64   `json:"from"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Slot is the place of a machine among all, from 0 to below 100: the first eight
// bytes of SHA-256(seed, 0, machine ID), as a big-endian fraction of 100.
func (r Rollout) Slot(machineID string) float64 {
	sum := sha256.Sum256([]byte(r.Seed + "\x00" + machineID))
	const bits = 53 // what a float64 holds exactly
	return float64(binary.BigEndian.Uint64(sum[:8])>>(64-bits)) / (1 << bits) * 100
}

// At is the percentage at one moment.
func (r Rollout) At(now time.Time) float64 {
	switch p := r.Ramp; {
	case p == nil || !now.Before(p.End):
		return r.Percent
	case now.Before(p.Start):
		return 0
	default:
		grown := float64(now.Sub(p.Start)) / float64(p.End.Sub(p.Start))
		return min(r.Percent, p.From+(r.Percent-p.From)*grown)
	}
}

// Reaches reports whether a machine is among the hosts at one moment.
func (r Rollout) Reaches(machineID string, now time.Time) bool {
	return r.Slot(machineID) < r.At(now)
}

func (r Rollout) check() error {
	if !(r.Percent >= 0 && r.Percent <= 100) {
		return wrong("rollout: percent %v: want 0 to 100", r.Percent)
	}
	if r.Seed == "" || len(r.Seed) > maxName || !isPrintable(r.Seed) {
		return wrong("rollout: seed %.40q: want 1 to %d bytes of something printable", r.Seed, maxName)
	}
	p := r.Ramp
	if p == nil {
		return nil
	}
	if !(p.From >= 0 && p.From <= r.Percent) || !inOrder(p.Start, p.End) || p.End.Sub(p.Start) > maxRamp {
		return wrong("rollout: ramp from %v %% at %v to %v %% at %v: want it to grow, and to end after it starts, within a year", p.From, p.Start, r.Percent, p.End)
	}
	return nil
}

const maxRamp = 366 * 24 * time.Hour
