package main

import (
	"math/rand/v2"
	"time"
)

// A kind is what a step does.
type kind string

// A step is one thing that is done to the service. All that is left to chance in it
// comes from the seed.
type step struct {
	Index  int           `json:"index"`
	Kind   kind          `json:"kind"`
	Victim role          `json:"victim,omitempty"`
	Fault  fault         `json:"fault,omitempty"`  // of the release
	During bool          `json:"during,omitempty"` // a release is published first, and its trial waited for
	Moment time.Duration `json:"moment"`           // from there to the deed
	For    time.Duration `json:"for"`              // how long it lasts, where it lasts
	Pause  time.Duration `json:"pause"`            // until the next step begins, whatever this one does
	Calm   bool          `json:"calm,omitempty"`   // the next step waits until all is calm
	Number int           `json:"number"`           // for what needs one
}

// A role is which process.
type role string

const (
	master    role = "master"
	live      role = "live"
	standby   role = "standby"
	candidate role = "candidate"
	draining  role = "draining"
)

// The kinds of steps.
const (
	restartBySignal  kind = "restart by signal"
	restartByOrder   kind = "restart by order"
	upgrade          kind = "upgrade"
	sameAgain        kind = "same again" // the bytes of a release that was bad
	rollbackStandby  kind = "rollback to standby"
	rollbackPrevious kind = "rollback to previous"
	hold             kind = "hold"
	forget           kind = "forget"
	killing          kind = "kill -9"
	stopping         kind = "SIGSTOP"
	ending           kind = "SIGTERM"
	storm            kind = "storm of signals"
	fullDisk         kind = "full disk"
	readOnly         kind = "read-only disk"
	fewFiles         kind = "few descriptors"
	noMemory         kind = "no memory"
	sourceHangs      kind = "source hangs"
	sourceSlow       kind = "source is slow"
	sourceDead       kind = "source is no file"
	frozenDisk       kind = "frozen disk"
	clockJump        kind = "jump of the clock"
)

// weights say how often each kind comes.
var weights = []struct {
	weight int
	step
}{
	{6, step{Kind: restartBySignal}},
	{6, step{Kind: restartByOrder}},
	{12, step{Kind: upgrade}},
	{2, step{Kind: upgrade, Fault: exitsAtStart}},
	{2, step{Kind: upgrade, Fault: panicsInInit}},
	{2, step{Kind: upgrade, Fault: panicsAtStart}},
	{1, step{Kind: upgrade, Fault: hangsAtStart}},
	{1, step{Kind: upgrade, Fault: neverAccepts}},
	{2, step{Kind: upgrade, Fault: unhealthy}},
	{3, step{Kind: upgrade, Fault: unhealthyOnTrial}},
	{4, step{Kind: upgrade, Fault: crashesOnTrial}},
	{2, step{Kind: upgrade, Fault: corrupt}},
	{1, step{Kind: upgrade, Fault: unsigned}},
	{1, step{Kind: upgrade, Fault: wrongKey}},
	{1, step{Kind: upgrade, Fault: otherBytes}},
	{1, step{Kind: upgrade, Fault: expired}},
	{1, step{Kind: upgrade, Fault: replayed}},
	{1, step{Kind: upgrade, Fault: downgraded}},
	{5, step{Kind: sameAgain}},
	{3, step{Kind: rollbackStandby, During: true}},
	{3, step{Kind: rollbackPrevious}},
	{2, step{Kind: hold}},
	{2, step{Kind: forget}},
	{3, step{Kind: killing, Victim: live}},
	{3, step{Kind: killing, Victim: standby, During: true}},
	{3, step{Kind: killing, Victim: candidate, During: true}},
	{2, step{Kind: killing, Victim: draining}},
	{2, step{Kind: killing, Victim: master}},
	{2, step{Kind: killing, Victim: master, During: true}},
	{2, step{Kind: stopping, Victim: live}},
	{2, step{Kind: stopping, Victim: standby, During: true}},
	{2, step{Kind: stopping, Victim: candidate, During: true}},
	{1, step{Kind: stopping, Victim: draining}},
	{2, step{Kind: stopping, Victim: master}},
	{1, step{Kind: stopping, Victim: master, During: true}},
	{1, step{Kind: ending}},
	{4, step{Kind: storm}},
	{2, step{Kind: fullDisk}},
	{2, step{Kind: fullDisk, During: true}},
	{2, step{Kind: readOnly}},
	{1, step{Kind: readOnly, During: true}},
	{2, step{Kind: frozenDisk}},
	{2, step{Kind: frozenDisk, During: true}},
	{2, step{Kind: fewFiles, Victim: live}},
	{1, step{Kind: fewFiles, Victim: candidate, During: true}},
	{1, step{Kind: fewFiles, Victim: master}},
	{1, step{Kind: fewFiles, Victim: master, During: true}},
	{1, step{Kind: noMemory, Victim: candidate, During: true}},
	{3, step{Kind: clockJump}},
	{2, step{Kind: clockJump, During: true}},
	{2, step{Kind: sourceHangs}},
	{1, step{Kind: sourceSlow}},
	{1, step{Kind: sourceDead}},
}

// stepOf returns a step of a schedule. It depends on nothing but the seed and the
// index, so any part of a schedule is the same steps.
func stepOf(seed uint64, index int) step {
	r := rand.New(rand.NewPCG(seed, uint64(index)))
	total := 0
	for _, w := range weights {
		total += w.weight
	}
	n := r.IntN(total)
	i := 0
	for ; n >= weights[i].weight; i++ {
		n -= weights[i].weight
	}
	s := weights[i].step
	s.Index = index
	s.Moment = upTo(r, 500*time.Millisecond)
	s.For = 100*time.Millisecond + upTo(r, 2*time.Second)
	s.Pause = upTo(r, 600*time.Millisecond)
	s.Calm = r.IntN(8) == 0
	s.Number = r.IntN(1 << 16)
	s.Calm = s.Calm || s.Fault != none && s.Number%3 == 0 // to see what it leaves behind
	return s
}

// upTo prefers short times: most races are narrow.
func upTo(r *rand.Rand, most time.Duration) time.Duration {
	f := r.Float64()
	return time.Duration(f * f * float64(most)).Round(time.Millisecond)
}
