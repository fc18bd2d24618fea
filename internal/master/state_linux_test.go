package master

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/internal/machine"
	"github.com/seed-3d078585/overseer/internal/proc"
	"golang.org/x/sys/unix"
)

func aState() State {
	return State{
		Version: stateVersion,
		Machine: machine.State{
			Generations: []machine.GenerationState{
				{Num: 3, Phase: machine.Draining, Digest: "a", Opened: true, Greeted: true, Sockets: []int{0, 1}, Accepts: []int{0}},
				{Num: 4, Phase: machine.Live, Digest: "b", Candidate: "b", Opened: true, Greeted: true, Sockets: []int{0}, Accepts: []int{0}},
			},
			Last: 4, Sockets: []int{0}, Proven: "b", Refused: []machine.Digest{"c"}, Pending: true,
		},
		Last:    1,
		Workers: []workerState{{Gen: 3, Process: proc.Handoff{PID: 6}, Control: 8}, {Gen: 4, Version: 2, Process: proc.Handoff{PID: 7, Stderr: &proc.Pipe{FD: 9, Kept: []byte("x\xffy"), Cut: true}}, ID: "i", Sockets: []int{0}, Control: -1, In: []byte{0, 0}}},
		Timers:  []timerState{{Timer: machine.Timer{Bound: machine.BoundEnd, Gen: 3}, Left: time.Second}},
		Config:  []Described{{"TerminateTimeout", "30s"}},
	}
}

func TestStateRoundTrip(t *testing.T) {
	want := aState()
	f, err := want.file()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("{}"), 0); err == nil {
		t.Error("the state can be written to")
	}
	got, err := ReadState(f, true)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("ReadState = %+v, %v; want %+v", got, err, want)
	}
}

func TestStateInAFileWithoutMemory(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(f).Encode(aState()); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadState(f, true); err != nil {
		t.Errorf("ReadState = %v", err)
	}
}

func TestReadStateRefuses(t *testing.T) {
	changed := func(change func(*State)) string {
		s := aState()
		change(&s)
		text, _ := json.Marshal(s)
		return string(text)
	}
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "unexpected end of JSON"},
		{"no state", "hello", "invalid character"},
		{"of a later version", changed(func(s *State) { s.Version++ }), "restart the service"},
		{"nobody is live", changed(func(s *State) { s.Machine.Generations[1].Phase = machine.Draining }), "0 generations are live"},
		{"two are live", changed(func(s *State) { s.Machine.Generations[0].Phase = machine.Live }), "2 generations are live"},
		{"one comes up", changed(func(s *State) { s.Machine.Generations[0].Phase = machine.Starting }), `in phase "starting"`},
		{"a number that was not given", changed(func(s *State) { s.Machine.Last = 3 }), "the newest number given is 3"},
		{"no worker for a generation", changed(func(s *State) { s.Workers = nil }), "generation 3 has no process"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := nameless()
			if err != nil {
				t.Fatal(err)
			}
			f.WriteString(tt.text)
			if _, err := ReadState(f, true); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("ReadState = %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := ReadState(nil, true); err == nil {
		t.Error("a state without a descriptor is read")
	}
}

// Where no descriptor can be had the master goes on, and tries again later.
func TestNamelessWithoutDescriptors(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	low := limit
	low.Cur = 3
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	_, err := aState().file()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err == nil || !proc.Temporary(err) {
		t.Errorf("file = %v, want what counts as the host's fault", err)
	}
}

func FuzzReadState(f *testing.F) {
	for _, s := range []State{aState(), {Version: stateVersion}} {
		text, _ := json.Marshal(s)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := nameless()
		if err != nil {
			t.Skip(err)
		}
		file.Write(text)
		s, err := ReadState(file, true)
		if err != nil {
			return
		}
		machine.Resume(machine.Settings{}, s.Machine).Step(machine.Resumed{})
	})
}

func TestChanges(t *testing.T) {
	list := func(pairs ...string) (list []Described) {
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, Described{pairs[i], pairs[i+1]})
		}
		return list
	}
	for _, tt := range []struct {
		name        string
		before, now []Described
		want        string
	}{
		{"nothing", list("A", "1"), list("A", "1"), "nothing"},
		{"a value", list("A", "1", "B", "2"), list("A", "1", "B", "3"), "B: 3, was 2"},
		{"a setting of a later version", list("A", "1"), list("A", "1", "C", "4"), "C: 4 (new)"},
		{"a setting that is gone", list("A", "1", "B", "2"), list("B", "2"), "A: gone, was 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := changes(tt.before, tt.now); got != tt.want {
				t.Errorf("changes = %q, want %q", got, tt.want)
			}
		})
	}
}

// TestStateIsACopy: a state is written by another goroutine, while the owner goes on.
func TestStateIsACopy(t *testing.T) {
	m := newHousehold(t, machine.Settings{}).Master
	for n := range keptLives {
		m.lives.gone = append(m.lives.gone, admin.Generation{Number: n + 1})
	}
	var s State
	m.showing(&s)
	m.lives.bury(&admin.Generation{Number: keptLives + 1}, time.Now())
	if len(s.Gone) != keptLives || s.Gone[0].Number != 1 {
		t.Errorf("the state has %d generations from %d on, want %d from 1 on", len(s.Gone), s.Gone[0].Number, keptLives)
	}
}
