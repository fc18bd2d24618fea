package admin

// A Tone says how people are to take something, for those who paint it. No meaning
// is in it alone.
type Tone string

// The tones.
const (
	Plain   Tone = ""
	Good    Tone = "good"
	Notable Tone = "notable" // it goes on, or waits, or somebody has it so
	Bad     Tone = "bad"
)

// Tone is how an event of a kind is to be taken.
func (k Kind) Tone() Tone {
	switch k {
	case Failed, RolledBack, Exited, Killed, Refused, FetchFailed, Uncommitted, Quarantined, Unhealthy, Stays:
		return Bad
	case Live, Committed, FetchWorks, Succeeded:
		return Good
	case Trial, Held, Waiting, Deferred, Postponed, Slow, Uncovered, Respawn, Ignored:
		return Notable
	}
	return Plain
}

// Tone is how a condition is to be taken.
func (c Condition) Tone() Tone {
	switch c {
	case Serving:
		return Good
	case Down:
		return Bad
	}
	return Notable
}
