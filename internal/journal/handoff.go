package journal

import (
	"slices"

	"github.com/seed-3d078585/overseer/admin"
)

// handedEvents is how many of the events are handed on.
const handedEvents = 200

// A Handoff is what a journal hands to that of the master which goes on in the
// place of this one: what may not have been written, or is nowhere else.
type Handoff struct {
	Events   []admin.Event   `json:"events,omitempty"`
	Attempts []admin.Attempt `json:"attempts,omitempty"` // only where they are in memory alone
	Open     *admin.Attempt  `json:"open,omitempty"`     // likewise
	Live     admin.Release   `json:"live,omitzero"`
}

// Handoff copies it.
func (j *Journal) Handoff() Handoff {
	j.mu.Lock()
	defer j.mu.Unlock()
	h := Handoff{Events: slices.Clone(j.events[max(0, len(j.events)-handedEvents):]), Live: j.history.live}
	if j.files == nil {
		h.Attempts = slices.Clone(j.history.ended)
		if j.history.open != nil {
			open := *j.history.open
			h.Open = &open
		}
	}
	return h
}

// Adopt takes in what this journal has not read itself. It comes before the first
// Append.
func (j *Journal) Adopt(h Handoff) {
	j.mu.Lock()
	defer j.mu.Unlock()
	whole := j.last == 0 && (h.Open != nil || h.Attempts != nil) // the history is handed on as it is
	if whole {
		j.history = history{ended: h.Attempts, open: h.Open}
		for _, a := range h.Attempts {
			j.learn(a.To)
		}
	}
	for _, e := range h.Events {
		switch {
		case e.ID <= j.last:
			continue
		case whole:
			j.add(e)
		default:
			j.keep(e, func(a admin.Attempt) { write(j.files, historyFile, a, j.allAttempts) })
		}
		write(j.files, eventsFile, e, j.allEvents)
	}
	j.history.live = h.Live
}
