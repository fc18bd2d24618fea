package machine

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// A teller writes what a machine hears and decides as a story, in the language
// of testdata. It leaves out timers that are stopped and did not run.
type teller struct {
	out    io.Writer
	timers []Timer
}

func (t *teller) tell(l line) {
	fmt.Fprintln(t.out, eventText(l.event))
	t.effects(l)
}

// effects writes the machine's answer to an event.
func (t *teller) effects(l line) {
	if ev, ok := l.event.(TimerFired); ok {
		t.drop(ev.Timer)
	}
	for _, e := range l.effects {
		switch e := e.(type) {
		case SetTimer:
			t.drop(e.Timer)
			t.timers = append(t.timers, e.Timer)
		case StopTimer:
			if !t.drop(e.Timer) {
				continue
			}
		}
		fmt.Fprintf(t.out, "    %s\n", effectText(e))
	}
}

// drop forgets a timer and reports whether it ran.
func (t *teller) drop(timer Timer) bool {
	n := len(t.timers)
	t.timers = slices.DeleteFunc(t.timers, func(o Timer) bool { return o == timer })
	return len(t.timers) < n
}

func eventText(ev Event) string {
	switch ev := ev.(type) {
	case Boot:
		return "boot"
	case RestartAsked:
		return words("restart", ev.By, when(ev.Force, "forced"))
	case TryAsked:
		return "try"
	case RollBackAsked:
		return words("roll-back", ev.Why)
	case Reverted:
		return words("reverted", string(ev.Digest), ev.Why)
	case Held:
		return words("held", when(ev.On, "on"), when(!ev.On, "off"))
	case Forgotten:
		return words("forgotten", string(ev.Digest))
	case StopAsked:
		return words("stop", number(ev.Signal))
	case SignalAsked:
		return words("signal", number(ev.Signal))
	case Staged:
		return words("staged", string(ev.Digest))
	case Allowed:
		return words("hook", string(ev.Digest), when(ev.OK, "yes"), when(!ev.OK, "no"))
	case Spawned:
		return fmt.Sprintf("spawned %d %s", ev.Gen, ev.Digest)
	case SpawnFailed:
		return words("spawn-failed", number(int(ev.Gen)), when(ev.Temporary, "temporary"), ev.Reason)
	case Greeted:
		return words("greeted", number(int(ev.Gen)), list(ev.Sockets))
	case Unequipped:
		return words("unequipped", number(int(ev.Gen)), ev.Reason)
	case Accepting:
		return fmt.Sprintf("accepting %d %s", ev.Gen, list(ev.Sockets))
	case SaidReady:
		return fmt.Sprintf("ready %d", ev.Gen)
	case ProbeDone:
		return words("probe", number(int(ev.Gen)), outcome(ev.Err))
	case Opened:
		return fmt.Sprintf("opened %d", ev.Gen)
	case Lost:
		return fmt.Sprintf("lost %d", ev.Gen)
	case Exited:
		if ev.Signal != 0 {
			return fmt.Sprintf("exited %d signal %d", ev.Gen, ev.Signal)
		}
		return fmt.Sprintf("exited %d code %d", ev.Gen, ev.Code)
	case Installed:
		return words("installed", string(ev.Digest), outcome(ev.Err))
	case SuccessorChecked:
		if ev.Overtaken {
			return words("checked", string(ev.Digest), "overtaken")
		}
		return words("checked", string(ev.Digest), when(ev.Temporary, "temporary"), outcome(ev.Err))
	case Stayed:
		return words("stayed", string(ev.Digest), outcome(ev.Err))
	case Resumed:
		return "resumed"
	case TimerFired:
		return "fire " + timerText(ev.Timer)
	}
	return fmt.Sprintf("%#v", ev)
}

func effectText(e Effect) string {
	switch e := e.(type) {
	case Spawn:
		return words("spawn", number(int(e.Gen)), when(e.Candidate != "", "candidate "+string(e.Candidate)))
	case Probe:
		return fmt.Sprintf("probe %d", e.Gen)
	case Open:
		return fmt.Sprintf("open %d", e.Gen)
	case Pause:
		return fmt.Sprintf("pause %d sockets %s", e.Gen, list(e.Sockets))
	case Drain:
		return words("drain", number(int(e.Gen)), "within", e.Timeout.String(),
			when(e.Signal != 0, "signal "+number(e.Signal)), when(e.Last, "last"), when(e.Ending != nil && !e.Last, "ending "+list(e.Ending)))
	case Signal:
		return fmt.Sprintf("signal %d %d", e.Gen, e.Signal)
	case Kill:
		return fmt.Sprintf("kill %d", e.Gen)
	case SetTimer:
		return fmt.Sprintf("set %s after %v", timerText(e.Timer), e.After)
	case StopTimer:
		return "stop " + timerText(e.Timer)
	case Ask:
		return words("ask", string(e.Digest))
	case Install:
		return words("install", string(e.Digest))
	case Restore:
		return words("restore instead of", string(e.Digest))
	case EndTrial:
		return words("end trial", string(e.Digest))
	case Quarantine:
		return fmt.Sprintf("quarantine %s: %s", e.Digest, e.Reason)
	case Discard:
		return words("discard", string(e.Digest))
	case Retire:
		return "retire " + list(e.Sockets)
	case CheckSuccessor:
		return words("check successor", string(e.Digest))
	case Succeed:
		return words("succeed", string(e.Digest))
	case CloseSockets:
		return "close sockets"
	case Exit:
		return words("exit", fmt.Sprint(e.Code), when(e.Unstarted, "unstarted"), e.Reason)
	case Report:
		return words("-", string(e.Kind), number(int(e.Gen)), string(e.Digest), when(e.Reason != "", "("+e.Reason+")"))
	}
	return fmt.Sprintf("%#v", e)
}

func timerText(t Timer) string { return words(string(t.Bound), number(int(t.Gen))) }

// words joins what is not empty.
func words(ws ...string) string {
	return strings.Join(slices.DeleteFunc(ws, func(w string) bool { return w == "" }), " ")
}

func when(ok bool, word string) string {
	if ok {
		return word
	}
	return ""
}

// number writes nothing for 0, which is none everywhere.
func number(n int) string { return when(n != 0, fmt.Sprint(n)) }

func list(ns []int) string { return strings.Trim(fmt.Sprint(ns), "[]") }

func outcome(failure string) string {
	if failure == "" {
		return "ok"
	}
	return "failed: " + failure
}
