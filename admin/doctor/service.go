package doctor

import (
	"fmt"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

// service says whether the master answers, and whether the program serves.
func (r *report) service(s Subject) {
	if s.Status == nil {
		found := "the master does not answer"
		if s.Err != nil {
			found += ": " + s.Err.Error()
		}
		r.add("socket", Fail, found, "start the service; if it runs, look for its socket with --pid, and for its own log")
		return
	}
	st := s.Status
	r.ok("socket", fmt.Sprintf("%s of %s answers", s.Socket, st.Name))
	switch {
	case st.Live == 0 && st.Condition == admin.Coming:
		r.add("serving", Warn, "the first generation comes up", "wait; status says how long it may take")
	case st.Live == 0:
		r.add("serving", Fail, fmt.Sprintf("no generation is live: %s", st.Condition), "status shows how the last one ended and what it wrote; a fixed release is taken at the next start")
	case st.Crashes > 0:
		r.add("serving", Warn, fmt.Sprintf("generation %d is live; the program has ended %d times in a row", st.Live, st.Crashes), "events --kind exited shows what it wrote")
	default:
		r.ok("serving", fmt.Sprintf("generation %d is live", st.Live))
	}
}

// upgrades explains why a release is not taken.
func (r *report) upgrades(s Subject) {
	st := s.Status
	if st == nil {
		return
	}
	switch src := st.Source; {
	case src == nil:
		r.add("source", Warn, "there is no source of releases: it never upgrades itself", "set Config.Fetcher, or --fetch of overseer run, if it should")
	case src.Error != "":
		r.add("source", Fail, "the last look at "+src.Name+" failed: "+src.Error, "mend what it says; upgrade looks again at once")
	case src.Looked == nil:
		r.unknown("source", src.Name+" was not looked at yet", "upgrade has it looked at now")
	case src.Next != nil && s.Now.Sub(*src.Next) > time.Minute:
		r.add("source", Warn, fmt.Sprintf("%s should have been looked at %s ago", src.Name, s.Now.Sub(*src.Next).Round(time.Second)), "upgrade has it looked at now; the log says what it waits for")
	default:
		r.ok("source", src.Name+" was looked at without an error")
	}
	if h := st.Hold; h != nil {
		until := "until they are released"
		if h.Until != nil {
			until = "until " + h.Until.Format(time.RFC3339)
		}
		r.add("hold", Warn, fmt.Sprintf("upgrades are held %s by %s: %s", until, orElse(h.Actor, "somebody"), orElse(h.Reason, "no reason was given")), "unhold lets them go on")
	} else {
		r.ok("hold", "upgrades are not held")
	}
	if w := st.Waiting; w != nil {
		r.add("waiting", Warn, fmt.Sprintf("release %s is staged and waits: %s", name(w.Release), w.Why), "upgrade has it tried now")
	}
	r.quarantine(s)
	if a := st.Refused; a != nil {
		r.add("refused", Warn, fmt.Sprintf("release %s did not become the installed one (%s): %s", name(a.To), a.Result, a.Reason), "history has what it wrote; publish one that is fixed")
	}
}

func (r *report) quarantine(s Subject) {
	if len(s.Quarantine) == 0 {
		r.ok("quarantine", "no release is in quarantine")
		return
	}
	for _, e := range s.Quarantine {
		r.add("quarantine", Warn, fmt.Sprintf("release %.12s is not tried again: %s", e.Digest, e.Reason), fmt.Sprintf("publish one that is fixed; if the release was not at fault: quarantine forget %.12s", e.Digest))
	}
}

func name(r admin.Release) string {
	if r.Version != "" {
		return fmt.Sprintf("%s (%.12s)", r.Version, r.Digest)
	}
	return fmt.Sprintf("%.12s", r.Digest)
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
