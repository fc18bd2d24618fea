// Package result is what the benchmark has measured: the words that the page
// and the file of figures are made of. It holds figures, not judgements.
package result

import "time"

// A Report is one run.
type Report struct {
	Profile     string
	Began       time.Time
	Took        time.Duration
	Machine     Machine
	Contestants []Contestant
	Handovers   []Handover
	Pairs       []Pair
	Processes   []Process
	Starts      []Start
	Upgrades    []Upgrade
	Growth      []Growth
	Problems    []string // what could not be measured, and why

	Long []LongRun `json:"-"` // of a file of its own
}

// A LongRun is one mode of the long run.
type LongRun struct {
	Handover
	Build string // of the binary: the beginning of its SHA-256
	Began time.Time
	Took  time.Duration
	Load  [2]float64 // of the machine, over a minute, before and after
}

// A Machine is where it ran.
type Machine struct {
	Processor  string
	Processors int
	Kernel     string
	Go         string
	Memory     int64      // bytes
	Files      uint64     // open files that a process may have
	Load       [2]float64 // over a minute, before and after
}

// A Contestant took part, or was skipped for a reason.
type Contestant struct {
	Name, Version, Skipped string
	Proxy                  bool
}

// A Handover is a contestant that was restarted again and again under one load.
type Handover struct {
	Contestant, Mode string
	Rate             float64 // asked for, a second
	Handovers        int
	Requests         int
	Failures         map[string]int
	IdleClosed       int
	Announced        int
	Steady, Window   Quantiles
	FirstOfNew       Spread // seconds, since the trigger
	LastOfOld        Spread
	Unfinished       string // why there were fewer handovers than wanted
}

// Failed is the sum of Failures.
func (h Handover) Failed() (n int) {
	for _, count := range h.Failures {
		n += count
	}
	return n
}

// Quantiles are of latencies.
type Quantiles struct {
	Requests            int
	P50, P99, P999, Max time.Duration
}

// A Spread is a median, and the least and the greatest.
type Spread struct{ Mid, Low, High float64 }

// A Pair is one figure of overseer's beside that of the plain server, measured
// in turns. Ratio is of what belongs together.
type Pair struct {
	Name, Unit   string
	Plain, Ours  Spread
	Ratio        Spread
	Rounds       int
	LessIsBetter bool
}

// A Process is what one holds, in bytes.
type Process struct {
	Name      string
	Resident  Spread
	Anonymous Spread // of it, what is no page of a file
	Ratio     Spread // of what is resident, to the idle one of the same round
}

// A Start is how long a program takes from its start to its first answer.
type Start struct {
	Size        int64   // of its file
	First       float64 // seconds, of overseer with a file that it has not met before
	Plain, Ours Spread  // of those after it
	Added       Spread  // seconds, pair by pair
}

// An Upgrade is a new release on its way.
type Upgrade struct {
	Size int64
	Took Spread // seconds, from the file in place to the first answer
}

// A Growth is how long a handover takes with more of something.
type Growth struct {
	Of    string
	Count int
	Took  Spread // seconds, from the trigger to the first answer of the new
	Ratio Spread // to a service with nothing, in turns
	More  int64  // bytes of the master
}

// Names by which the page finds a figure again.
const (
	ResidentMemory = "resident memory"
	MemoryInUse    = "memory in use"
	Goroutines     = "goroutines"

	Idle           = "idle program"
	Master         = "master"
	FetchingMaster = "master with a fetcher"
)
