package trial

import (
	"time"

	"github.com/seed-3d078585/overseer/bench/internal/load"
)

// An Amount is how much is measured.
type Amount struct {
	Name string

	Paces     map[load.Mode]Pace
	Steady    time.Duration // of the load, before the first handover
	Handovers int           // in each mode, of each contestant
	Interval  time.Duration // between two triggers, at least
	Longest   time.Duration // of the handovers of one contestant in one mode

	// OwnHandovers and OwnRequests are for overseer alone, which has a goal to
	// meet; OwnLongest bounds them.
	OwnHandovers, OwnRequests int
	OwnLongest                time.Duration

	Rounds      int // of what is compared in turns
	Part        time.Duration
	Idle        int   // connections
	File        int64 // bytes that sendfile moves
	Sizes       []int64
	Listeners   []int
	Connections []int
	Generations int
}

// A Pace is a load.
type Pace struct {
	Rate    float64
	Clients int
}

// Amounts by the name of their profile.
var (
	Quick = Amount{
		Name:  "quick",
		Paces: paces(0.3), Steady: 400 * time.Millisecond, Handovers: 3, Interval: 50 * time.Millisecond, Longest: 600 * time.Millisecond,
		OwnHandovers: 3, OwnLongest: 2 * time.Second,
		Rounds: 2, Part: 100 * time.Millisecond, Idle: 200, File: 4 << 20,
		Sizes: []int64{0, 50e6}, Listeners: []int{1, 20}, Connections: []int{0, 100}, Generations: 3,
	}
	Default = Amount{
		Name:  "default",
		Paces: paces(1), Steady: 3 * time.Second, Handovers: 40, Interval: 100 * time.Millisecond, Longest: 5 * time.Second,
		OwnHandovers: 100, OwnLongest: 15 * time.Second,
		Rounds: 9, Part: time.Second / 2, Idle: 10000, File: 128 << 20,
		Sizes: []int64{0, 50e6, 150e6}, Listeners: []int{1, 10, 100, 1000}, Connections: []int{0, 1000, 10000}, Generations: 20,
	}
	Long = Amount{
		Name:  "long",
		Paces: paces(3), Steady: 10 * time.Second, Interval: 200 * time.Millisecond,
		OwnHandovers: 1000, OwnRequests: 1_000_000, OwnLongest: 30 * time.Minute,
	}
)

// paces is moderate, so that what is measured is the service and not a queue
// before it.
func paces(share float64) map[load.Mode]Pace {
	return map[load.Mode]Pace{
		load.KeepAlive: {1500 * share, 16},
		load.NewConn:   {600 * share, 16},
		load.Streaming: {300 * share, int(75 * share)}, // 150 ms each, and room
		load.HTTP2:     {1500 * share, 16},
		load.Upgraded:  {1500 * share, 16},
		load.RawTCP:    {1500 * share, 16},
	}
}
