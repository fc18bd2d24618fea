package machine

import "testing"

// TestRefuses: what an order is refused for, in each state that refuses one.
func TestRefuses(t *testing.T) {
	live := func(m *Machine) {
		for _, ev := range []Event{Boot{}, Spawned{Gen: 1, Digest: "a"}, Greeted{Gen: 1}, Accepting{Gen: 1, Sockets: []int{0}}, Opened{Gen: 1}} {
			m.Step(ev)
		}
	}
	onTrial := func(m *Machine) {
		live(m)
		for _, ev := range []Event{Staged{Digest: "b"}, Spawned{Gen: 2, Digest: "b"}, Greeted{Gen: 2}, Accepting{Gen: 2, Sockets: []int{0}}, Opened{Gen: 2}} {
			m.Step(ev)
		}
	}
	for _, row := range []struct {
		name  string
		reach func(*Machine)
		order Event
		want  string
	}{
		{"a restart, at rest", live, RestartAsked{}, ""},
		{"a look, at rest", live, LookAsked{}, ""},
		{"a look, held", func(m *Machine) { live(m); m.Step(Held{On: true}) }, LookAsked{}, "upgrades are held"},
		{"a look on trial", onTrial, LookAsked{}, "generation 2 is on trial: wait for its end, or roll it back"},
		{"a look, stopping", func(m *Machine) { live(m); m.Step(StopAsked{}) }, LookAsked{}, "the service is stopping"},
		{"a look while the first comes up", func(m *Machine) { m.Step(Boot{}) }, LookAsked{}, "generation 1 is coming up"},
		{"a trial, with nothing that waits", live, TryAsked{}, "no release waits"},
		{"a trial, held", func(m *Machine) { live(m); m.Step(Held{On: true}); m.Step(Staged{Digest: "b"}) }, TryAsked{}, "upgrades are held"},
		{"a rollback, at rest", live, RollBackAsked{}, "no release is on trial"},
		{"a rollback on trial", onTrial, RollBackAsked{}, ""},
		{"a rollback during the installation", func(m *Machine) { onTrial(m); m.Step(TimerFired{Timer{BoundProbation, 2}}) }, RollBackAsked{},
			"the release has passed its trial and is being installed: roll back to the previous one when it is done"},
		{"the way back to what runs", live, Reverted{Digest: "a"}, "it is what runs"},
		{"the way back on trial", onTrial, Reverted{Digest: "c"}, "generation 2 is on trial: wait for its end, or roll it back"},
		{"what is no order", onTrial, SaidReady{Gen: 1}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := New(base)
			row.reach(m)
			before := m.Snapshot().String()
			if got := m.Refuses(row.order); got != row.want {
				t.Errorf("refused for %q, want %q", got, row.want)
			}
			if after := m.Snapshot().String(); after != before {
				t.Errorf("asking has changed %s to %s", before, after)
			}
		})
	}
}
