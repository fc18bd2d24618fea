package machine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parseSettings changes settings by words such as "probe" and "sockets=2".
func parseSettings(s *Settings, words []string) error {
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		var err error
		switch name {
		case "sockets":
			s.Sockets, err = strconv.Atoi(value)
		case "probation":
			s.Probation, err = time.ParseDuration(value)
		case "probe":
			s.Probe = true
		case "succession":
			s.Succession = true
		case "foreign":
			s.Foreign = true
		case "sequential":
			s.Sequential = true
		case "no-restart":
			s.NoRestart = true
		case "no-restart-after-fetch":
			s.NoRestartAfterFetch = true
		case "ask-first":
			s.AskFirst = true
		case "keep-alive":
			s.KeepAlive = Always
		case "keep-alive-on-failure":
			s.KeepAlive = OnFailure
		default:
			err = fmt.Errorf("no such setting")
		}
		if err != nil {
			return fmt.Errorf("setting %q: %w", word, err)
		}
	}
	return nil
}

// parseEvent reads what [eventText] writes.
func parseEvent(words []string) (Event, error) {
	name, args := words[0], words[1:]
	arg := func(i int) string {
		if i < len(args) {
			return args[i]
		}
		return ""
	}
	gen, genErr := parseGen(arg(0))
	n, _ := strconv.Atoi(arg(0))
	switch name {
	case "boot":
		return Boot{}, nil
	case "restart":
		return RestartAsked{By: arg(0), Force: slices.Contains(args, "forced")}, nil
	case "try":
		return TryAsked{}, nil
	case "roll-back":
		return RollBackAsked{Why: strings.Join(args, " ")}, nil
	case "reverted":
		return Reverted{Digest: Digest(arg(0)), Why: strings.Join(args[1:], " ")}, nil
	case "held":
		return Held{On: arg(0) == "on"}, nil
	case "forgotten":
		return Forgotten{Digest: Digest(arg(0))}, nil
	case "stop":
		return StopAsked{Signal: n}, nil
	case "signal":
		return SignalAsked{Signal: n}, nil
	case "staged":
		return Staged{Digest: Digest(arg(0))}, nil
	case "hook":
		return Allowed{Digest: Digest(arg(0)), OK: arg(1) == "yes"}, nil
	case "installed":
		return Installed{Digest: Digest(arg(0)), Err: failureIn(args)}, nil
	case "checked":
		ev := SuccessorChecked{Digest: Digest(arg(0)), Temporary: arg(1) == "temporary", Overtaken: arg(1) == "overtaken", Err: failureIn(args)}
		return ev, nil
	case "stayed":
		return Stayed{Digest: Digest(arg(0)), Err: failureIn(args)}, nil
	case "resumed":
		return Resumed{}, nil
	case "fire":
		n, _ := strconv.Atoi(arg(1))
		return TimerFired{Timer{Bound(arg(0)), Gen(n)}}, nil
	}
	if genErr != nil {
		return nil, fmt.Errorf("no such event, or no generation: %w", genErr)
	}
	switch name {
	case "spawned":
		return Spawned{Gen: gen, Digest: Digest(arg(1))}, nil
	case "spawn-failed":
		temporary := arg(1) == "temporary"
		if temporary {
			args = args[1:]
		}
		return SpawnFailed{Gen: gen, Temporary: temporary, Reason: strings.Join(args[1:], " ")}, nil
	case "greeted":
		ev := Greeted{Gen: gen}
		var err error
		ev.Sockets, err = numbers(args[1:])
		return ev, err
	case "unequipped":
		return Unequipped{Gen: gen, Reason: strings.Join(args[1:], " ")}, nil
	case "accepting":
		ev := Accepting{Gen: gen}
		var err error
		ev.Sockets, err = numbers(args[1:])
		return ev, err
	case "ready":
		return SaidReady{Gen: gen}, nil
	case "probe":
		return ProbeDone{Gen: gen, Err: failureIn(args)}, nil
	case "opened":
		return Opened{Gen: gen}, nil
	case "lost":
		return Lost{Gen: gen}, nil
	case "exited":
		n, err := strconv.Atoi(arg(2))
		if arg(1) == "signal" {
			return Exited{Gen: gen, Signal: n}, err
		}
		return Exited{Gen: gen, Code: n}, err
	}
	return nil, fmt.Errorf("no such event")
}

func numbers(words []string) (ns []int, err error) {
	for _, word := range words {
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, err
		}
		ns = append(ns, n)
	}
	return ns, nil
}

func parseGen(s string) (Gen, error) {
	n, err := strconv.Atoi(s)
	return Gen(n), err
}

// failureIn returns what stands behind "failed:".
func failureIn(args []string) string {
	if i := slices.Index(args, "failed:"); i >= 0 {
		return strings.Join(args[i+1:], " ")
	}
	return ""
}
