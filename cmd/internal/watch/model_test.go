package watch

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/seed-3d078585/overseer/admin"
	"github.com/seed-3d078585/overseer/admin/admintest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is\n%s\nwant\n%s\ngo test -run %s -update writes it anew", name, got, want, t.Name())
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func after(d time.Duration) *time.Time { t := noon.Add(d); return &t }

func key(text string) tea.KeyPressMsg {
	if text == "ctrl+c" {
		return tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl}
	}
	return tea.KeyPressMsg{Code: []rune(text)[0], Text: text}
}

// A fixed master answers as admintest's does, with no socket between.
type fixed struct{ *admintest.Master }

func (f fixed) Restart(ctx context.Context, o admin.Order) (admin.Accepted, error) {
	return admin.Accepted{}, f.Master.Restart(ctx, o)
}
func (f fixed) Upgrade(ctx context.Context, o admin.Order) (admin.Accepted, error) {
	return admin.Accepted{}, f.Master.Upgrade(ctx, o)
}
func (f fixed) Rollback(ctx context.Context, o admin.Order, to admin.Target) (admin.Accepted, error) {
	return admin.Accepted{}, f.Master.Rollback(ctx, o, to)
}
func (f fixed) Hold(ctx context.Context, o admin.Order, until time.Time) (admin.Accepted, error) {
	return admin.Accepted{}, f.Master.Hold(ctx, o, until)
}
func (f fixed) Release(ctx context.Context, o admin.Order) (admin.Accepted, error) {
	return admin.Accepted{}, f.Master.Release(ctx, o)
}

func newTest(t *testing.T, l look, width, height int) (*model, *admintest.Master) {
	m := admintest.New()
	v := newModel(t.Context(), fixed{m}, nil, l)
	v.now = func() time.Time { return noon }
	v.Update(tea.WindowSizeMsg{Width: width, Height: height})
	return v, m
}

// do carries out a command that ends at once, and gives its message back to the
// model.
func do(v *model, cmd tea.Cmd) {
	if cmd != nil {
		if msg := cmd(); msg != nil {
			v.Update(msg)
		}
	}
}

func trial() admin.Status {
	a := admin.Release{Digest: strings.Repeat("a1", 32), Version: "1.4.2"}
	b := admin.Release{Digest: strings.Repeat("b2", 32), Version: "1.5.0"}
	return admin.Status{
		Name: "app", PID: 4000, Started: noon.Add(-50 * time.Hour), Condition: admin.OnTrial, Live: 8, Time: noon, LogLevel: "info", Usage: admin.Usage{RSS: 12_000_000},
		Generations: []admin.Generation{
			{Number: 6, Phase: admin.PhaseDraining, Release: a, Since: noon.Add(-90 * time.Second)},
			{Number: 7, Phase: admin.PhaseStandby, Release: a, Since: noon.Add(-4 * time.Second), Connections: &admin.Connections{Open: 42}},
			{Number: 8, Phase: admin.PhaseLive, OnTrial: true, Release: b, Since: noon.Add(-4 * time.Second), Connections: &admin.Connections{Open: 3}},
		},
		Operation: &admin.Operation{Kind: "upgrade", Stage: "trial", Generation: 8, Release: b, Since: noon.Add(-4 * time.Second), Until: after(6 * time.Second), Actor: "alice"},
		Hold:      &admin.Hold{Since: noon, Until: after(2 * time.Hour), Actor: "bob", Reason: "an incident"},
		Refused:   &admin.Attempt{Ended: noon.Add(-26 * time.Hour), To: admin.Release{Digest: strings.Repeat("c3", 32), Version: "1.4.9"}, Result: admin.ResultBack, Reason: "probe failed: \x1b[31mstatus 500"},
		Rollback:  []admin.Target{admin.ToStandby},
	}
}

// told are kinds of events that the golden files have.
var told = []admin.Kind{admin.Starting, admin.Live, admin.Failed, admin.Trial, admin.RolledBack, admin.Gone, admin.Fetched, admin.Committed, admin.Held}

// fill has a model see a trial, some samples and events.
func fill(v *model) {
	v.Update(statusMsg{status: trial()})
	accepted := uint64(0)
	for i := range 30 {
		accepted += uint64(i * 10)
		v.Update(streamMsg{Sample: &admin.Sample{Time: noon.Add(time.Duration(i-30) * time.Second), Usage: admin.Usage{RSS: 12_000_000}, Generations: []admin.GenerationSample{
			{Number: 7, Connections: &admin.Connections{Open: 42, Accepted: 9000}},
			{Number: 8, Connections: &admin.Connections{Open: 3, Accepted: accepted}},
		}}})
	}
	for i := range 60 {
		v.Update(streamMsg{Event: &admin.Event{ID: uint64(i + 1), Time: noon.Add(time.Duration(i-60) * time.Second), Kind: told[i%len(told)], Generation: i}})
	}
}

func TestViews(t *testing.T) {
	for _, row := range []struct {
		name          string
		look          look
		width, height int
		then          func(*model)
	}{
		{"80x24", look{unicode: true}, 80, 24, nil},
		{"120x40", look{unicode: true}, 120, 40, nil},
		{"80x24-ascii", look{}, 80, 24, nil},
		{"80x24-colour", look{unicode: true, colour: true}, 80, 24, nil},
		{"question", look{}, 80, 24, func(v *model) { v.Update(key("b")) }},
		{"help", look{}, 80, 24, func(v *model) { v.Update(key("?")) }},
		{"lost", look{}, 80, 24, func(v *model) { v.Update(lostMsg{errors.New("connection refused")}) }},
		{"many", look{}, 80, 24, func(v *model) {
			s := trial()
			for i := range 40 {
				s.Generations = append(s.Generations, admin.Generation{Number: 9 + i, Phase: admin.PhaseDraining, Since: noon})
			}
			v.Update(statusMsg{status: s})
		}},
		{"small", look{}, 40, 8, nil},
		{"too-small", look{}, 20, 4, nil},
	} {
		v, _ := newTest(t, row.look, row.width, row.height)
		fill(v)
		if row.then != nil {
			row.then(v)
		}
		text := v.View().Content
		golden(t, row.name+".txt", text+"\n")
		lines := strings.Split(text, "\n")
		if len(lines) > row.height {
			t.Errorf("%s has %d lines, and the terminal %d", row.name, len(lines), row.height)
		}
		for _, l := range lines {
			if !row.look.colour && (utf8.RuneCountInString(l) > row.width || strings.ContainsRune(l, '\x1b')) {
				t.Errorf("%s: a line is longer than %d, or has an escape sequence: %q", row.name, row.width, l)
			}
			if !row.look.unicode && strings.Trim(l, " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~") != "" {
				t.Errorf("%s: a line is more than ASCII: %q", row.name, l)
			}
		}
	}
}

func TestOrders(t *testing.T) {
	for _, row := range []struct {
		keys string
		want string // the order, as NAME/TARGET/GENERATION; empty: none
		note string
	}{
		{"ry", "Restart//8", "restart is ordered"},
		{"rn", "", "nothing was done"},
		{"rr", "", "nothing was done"},
		{"uY", "Upgrade//8", "upgrade is ordered"},
		{"by", "Rollback/standby/8", "rollback is ordered"},
		{"hy", "Release//0", "unhold is ordered"},
		{"?r", "", ""}, // a key ends the help, and is no order
		{"y", "", ""},
	} {
		v, m := newTest(t, look{}, 80, 24)
		m.SetStatus(trial())
		fill(v)
		for _, k := range row.keys {
			_, cmd := v.Update(key(string(k)))
			do(v, cmd)
		}
		got := ""
		for _, o := range m.Orders() {
			got += o.Name + "/" + string(o.To) + "/" + string('0'+rune(o.Order.Generation))
		}
		if got != row.want || !strings.Contains(v.note, row.note) {
			t.Errorf("%q: ordered %q, want %q; said %q, want %q", row.keys, got, row.want, v.note, row.note)
		}
	}
}

func TestOrderIsRefused(t *testing.T) {
	v, m := newTest(t, look{}, 80, 24)
	fill(v)
	m.Refuse("an upgrade is under way")
	v.Update(key("r"))
	_, cmd := v.Update(key("y"))
	do(v, cmd)
	if !strings.Contains(v.View().Content, "restart was refused: an upgrade is under way") {
		t.Errorf("it says %q", v.note)
	}
	v.Update(lostMsg{errors.New("gone")})
	v.Update(key("r"))
	if v.question != nil || !strings.Contains(v.note, "not reached") {
		t.Errorf("asked %v, said %q", v.question, v.note)
	}
}

func TestKeysThatEnd(t *testing.T) {
	for _, k := range []string{"q", "ctrl+c"} {
		v, _ := newTest(t, look{}, 80, 24)
		_, cmd := v.Update(key(k))
		if cmd == nil {
			t.Fatalf("%s does nothing", k)
		}
		if _, ok := cmd().(tea.QuitMsg); !ok {
			t.Errorf("%s does not end the view", k)
		}
	}
}

// One status is asked for at a time, and once more where something came meanwhile.
func TestAsksOnceAtATime(t *testing.T) {
	v, m := newTest(t, look{}, 80, 24)
	first := v.ask()
	for range 5 {
		if v.ask() != nil {
			t.Fatal("two are asked for at the same time")
		}
	}
	_, second := v.Update(first())
	if second == nil {
		t.Fatal("what came meanwhile is not asked for")
	}
	if _, third := v.Update(second()); third != nil {
		t.Error("it is asked for again and again")
	}
	if n := m.Calls("Status"); n != 2 {
		t.Errorf("it was asked for %d times", n)
	}
}
