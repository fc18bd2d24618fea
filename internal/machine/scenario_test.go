package machine

import "time"

// base is the settings that all worlds vary.
var base = Settings{
	Sockets:          1,
	ReadyTimeout:     time.Minute,
	Settle:           time.Second,
	ProbeInterval:    2 * time.Second,
	OpenTimeout:      5 * time.Second,
	Probation:        10 * time.Second,
	TerminateTimeout: 30 * time.Second,
	FailTimeout:      10 * time.Second,
	LostTimeout:      5 * time.Second,
	DeferInterval:    time.Minute,
	Retry:            Backoff{Min: time.Minute, Max: time.Hour},
	Respawn:          Backoff{Min: time.Second, Max: time.Minute},
	Stable:           time.Minute,
	FinalTimeout:     5 * time.Second,
}

// setting is base but for some changes.
func setting(change func(*Settings)) Settings {
	s := base
	change(&s)
	return s
}

// A scenario is a kind of master and what may happen to it.
type scenario struct {
	name string
	set  Settings
	left budget
}

// scenarios are the worlds that are searched.
var scenarios = []scenario{
	{"restarts", base, budget{restarts: 3, stops: 2, faults: 2}},
	{"upgrades", base, budget{restarts: 1, stops: 1, stages: 2, faults: 2}},
	{"succession", setting(func(s *Settings) { s.Succession = true }), budget{restarts: 1, stops: 1, stages: 2, faults: 2}},
	{"succession, no probation", setting(func(s *Settings) { s.Succession, s.Probation = true, 0 }), budget{stages: 4, faults: 1}},
	{"succession, asked first, kept alive", setting(func(s *Settings) { s.Succession, s.AskFirst, s.KeepAlive = true, true, Always }), budget{restarts: 1, stages: 2, faults: 2}},
	{"succession after fetch, sequential", setting(func(s *Settings) { s.Succession, s.NoRestartAfterFetch, s.Sequential = true, true, true }), budget{restarts: 2, stages: 2, faults: 2}},
	{"succession, link flipped", setting(func(s *Settings) { s.Succession = true }), budget{restarts: 2, flips: 1, stages: 1, faults: 1}},
	{"sockets change", setting(func(s *Settings) { s.Sockets = 2 }), budget{restarts: 2, moves: 2, stages: 1, faults: 1}},
	{"sockets change, succession", setting(func(s *Settings) { s.Succession = true }), budget{restarts: 1, moves: 1, stages: 2, faults: 1, stops: 1}},
	{"two sockets", setting(func(s *Settings) { s.Sockets = 2 }), budget{restarts: 2, stages: 1, faults: 1}},
	{"no sockets", setting(func(s *Settings) { s.Sockets = 0 }), budget{restarts: 2, stages: 1, faults: 2, stops: 1}},
	{"probed", setting(func(s *Settings) { s.Probe = true }), budget{restarts: 1, stages: 2, faults: 1, sick: 4}},
	{"sequential", setting(func(s *Settings) { s.Sequential = true }), budget{restarts: 2, stages: 2, faults: 2, stops: 2}},
	{"sequential, probed", setting(func(s *Settings) { s.Sequential, s.Probe, s.Sockets = true, true, 0 }), budget{restarts: 1, stages: 1, faults: 1, sick: 4}},
	{"kept alive", setting(func(s *Settings) { s.KeepAlive = Always }), budget{restarts: 2, stages: 1, faults: 3}},
	{"kept alive on failure, sequential", setting(func(s *Settings) { s.KeepAlive, s.Sequential = OnFailure, true }), budget{restarts: 1, stages: 1, faults: 3}},
	{"asked first", setting(func(s *Settings) { s.AskFirst = true }), budget{restarts: 1, stages: 2, faults: 2, stops: 1}},
	{"asked first, kept alive", setting(func(s *Settings) { s.AskFirst, s.KeepAlive = true, Always }), budget{restarts: 1, stages: 2, faults: 2}},
	{"no restart", setting(func(s *Settings) { s.NoRestart = true }), budget{restarts: 2, stages: 3, faults: 2, stops: 1}},
	{"no restart after fetch", setting(func(s *Settings) { s.NoRestartAfterFetch = true }), budget{restarts: 2, stages: 2, faults: 2}},
	{"no probation", setting(func(s *Settings) { s.Probation = 0 }), budget{restarts: 1, stages: 2, faults: 2}},
	{"orders", base, budget{restarts: 1, stages: 2, faults: 1, orders: 3, stops: 1}},
	{"orders, probed", setting(func(s *Settings) { s.Probe = true }), budget{stages: 2, faults: 1, orders: 3, sick: 2}},
	{"orders, sequential", setting(func(s *Settings) { s.Sequential = true }), budget{restarts: 1, stages: 2, faults: 2, orders: 3}},
	{"orders, kept alive, asked first", setting(func(s *Settings) { s.KeepAlive, s.AskFirst = Always, true }), budget{restarts: 1, stages: 2, faults: 2, orders: 3}},
	{"orders, succession", setting(func(s *Settings) { s.Succession = true }), budget{restarts: 1, stages: 2, faults: 1, orders: 3}},
	{"orders, no restart after fetch", setting(func(s *Settings) { s.NoRestartAfterFetch = true }), budget{restarts: 1, stages: 2, faults: 1, orders: 3}},
	{"orders, no restart", setting(func(s *Settings) { s.NoRestart = true }), budget{restarts: 1, stages: 3, faults: 1, orders: 3}},
	{"link flipped", setting(func(s *Settings) { s.Probe = true }), budget{restarts: 2, flips: 1, stages: 1, faults: 1, sick: 3}},
}
