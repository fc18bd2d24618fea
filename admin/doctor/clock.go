package doctor

import (
	"fmt"
	"time"
)

// clock says whether the time is right: manifests expire by it, and what was
// issued in the future says that it is behind.
func (r *report) clock(s Subject, h host) {
	const check = "clock"
	for _, rec := range s.records(h) {
		if ahead := rec.Issued.Sub(s.Now); ahead > time.Minute {
			r.add(check, Fail, fmt.Sprintf("the newest manifest of %s was issued %s from now: the clock is behind", rec.Product, ahead.Round(time.Second)), "set the clock, and have it kept by NTP")
			return
		}
	}
	if st := s.Status; st != nil {
		if ahead := st.Time.Sub(s.Now); ahead.Abs() > time.Minute && !st.Time.IsZero() {
			r.add(check, Warn, fmt.Sprintf("the master's clock and this one are %s apart", ahead.Abs().Round(time.Second)), "set the clocks, and have them kept by NTP")
			return
		}
	}
	synchronised, err := clockIsKept()
	switch {
	case err != nil:
		r.unknown(check, "whether it is kept by NTP cannot be asked: "+err.Error(), "")
	case !synchronised:
		r.add(check, Warn, "the kernel says that the clock is kept by nobody (adjtimex)", "have it kept by NTP: systemd-timesyncd or chrony; in a container that is the host's affair")
	default:
		r.ok(check, "it is kept by NTP")
	}
}
