package demo

import (
	"fmt"
	"strings"
)

// tell shows an event in words. What the demo does not know it shows as the log
// has it.
func (d *director) tell(e event) {
	s, what := d.screen, d.runs[e.Generation]
	generation := fmt.Sprintf("generation %d", e.Generation)
	switch e.Kind {
	case messageServing:
	case kindStarting:
		s.event(dim, "·", strings.TrimRight(generation+" starts "+what, " "))
	case kindTrial:
		s.event(yellow, "◐", fmt.Sprintf("%s takes the traffic on trial (%s); the one before stands by", what, generation))
	case kindLive:
		switch e.Reason {
		case "":
			s.event(green, "●", fmt.Sprintf("%s is live: %s", generation, what))
		default:
			s.event(green, "●", fmt.Sprintf("%s is live: %s, %s", generation, what, e.Reason))
		}
	case kindCommitted:
		s.event(green, "✓", d.names[e.Release]+" is installed")
	case kindFailed:
		s.event(red, "✗", fmt.Sprintf("%s is refused: %s", what, e.Reason))
		s.detail(excerpt(e.Output))
	case kindExited:
		s.event(red, "✗", fmt.Sprintf("%s, %s", what, e.Reason))
		s.detail(excerpt(e.Output))
	case kindRolledBack:
		s.event(red, "↩", fmt.Sprintf("%s is rolled back: %s", what, e.Reason))
	case kindGone:
		s.event(dim, "·", generation+" has gone: "+e.Reason)
	case kindStopping:
		s.event(dim, "·", "the service stops: "+e.Reason)
	default:
		if e.Level == "DEBUG" {
			return
		}
		s.event(dim, "·", strings.Join(strings.Fields(fmt.Sprint(e.Kind, " ", e.Reason, " ", e.Error)), " "))
	}
}

// excerpt returns the lines that say why a program died.
func excerpt(output string) string {
	var kept []string
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "goroutine ") {
			break
		}
		kept = append(kept, line)
		if len(kept) == 2 {
			break
		}
	}
	return strings.Join(kept, "\n")
}
