package takeover

import (
	"strings"

	"github.com/seed-3d078585/overseer/admin"
)

// A Cause says in one word why a takeover had no success.
type Cause string

// The causes.
const (
	None        Cause = "none"      // it had success
	ByProbe     Cause = "probe"     // its probe failed
	ByCrash     Cause = "crash"     // its process ended
	ByReady     Cause = "ready"     // it was not ready, or did not accept, in time
	ByPreflight Cause = "preflight" // it failed its staging, its preflight or its rehearsal
	ByHook      Cause = "refused"   // PreUpgrade refused it
	ByInstall   Cause = "install"   // it could not be installed
	ByOrder     Cause = "asked"     // somebody asked for something else
	ByOther     Cause = "other"     // mostly the host: no memory, no processes
)

// Causes returns all causes but None.
func Causes() []Cause {
	return []Cause{ByProbe, ByCrash, ByReady, ByPreflight, ByHook, ByInstall, ByOrder, ByOther}
}

// words are how reasons are told apart: an event has a reason for people only.
// The first row that fits counts; an order begins with its words, and ends with
// those of whoever gave it. The test goes through all reasons of the
// machine's transcripts, so that a reworded one is noticed.
var words = []struct {
	part  string
	cause Cause
}{
	{"could not be installed", ByInstall},
	{"probe failed", ByProbe},
	{"unhealthy", ByProbe},
	{"asked for", ByOrder},
	{"not ready", ByReady},
	{"did not confirm", ByReady},
	{"exited with code", ByCrash},
	{"ended by signal", ByCrash},
}

// causeOf returns the cause of an event that tells of a failure.
func causeOf(e admin.Event) Cause {
	switch {
	case e.Kind == admin.Uncommitted:
		return ByInstall
	case e.Kind == admin.Refused:
		return refusedBy(e.Reason)
	case strings.HasPrefix(e.Reason, "asked by "):
		return ByOrder
	}
	for _, w := range words {
		if strings.Contains(e.Reason, w.part) {
			return w.cause
		}
	}
	return ByOther
}

// refusedBy tells PreUpgrade, whose error may say anything, from what is done
// before it.
func refusedBy(reason string) Cause {
	for _, step := range []string{"preflight: ", "staging: "} {
		if strings.HasPrefix(reason, step) {
			return ByPreflight
		}
	}
	return ByHook
}
