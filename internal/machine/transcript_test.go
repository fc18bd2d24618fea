package machine

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the transcripts in testdata")

// TestTranscript plays each file of testdata. A line at the margin is an event
// in the words of [eventText], or "settings" with what differs from base, or
// "up", which is short for all that brings a healthy generation up. What is
// indented below it is the machine's answer; the line that begins with = is
// what it holds then.
func TestTranscript(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := play(string(want))
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(file, got, 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s\n%s", file, firstDifference(string(want), string(got)))
			}
		})
	}
}

// player plays one transcript.
type player struct {
	out    bytes.Buffer
	m      *Machine
	set    Settings
	teller teller
	held   string
}

// play returns the transcript with the answers that the machine gives today.
func play(script string) ([]byte, error) {
	p := &player{set: base}
	p.teller.out = &p.out
	for n, text := range strings.Split(strings.TrimSuffix(script, "\n"), "\n") {
		if strings.HasPrefix(text, " ") {
			continue // an answer
		}
		fmt.Fprintln(&p.out, text)
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if err := p.command(strings.Fields(text)); err != nil {
			return nil, fmt.Errorf("line %d: %q: %w", n+1, text, err)
		}
	}
	return p.out.Bytes(), nil
}

func (p *player) command(words []string) error {
	if words[0] == "settings" {
		return parseSettings(&p.set, words[1:])
	}
	if p.m == nil {
		p.m = New(p.set)
	}
	if words[0] == "resumed" { // by a machine that knows what was handed on
		p.m = Resume(p.set, p.m.State())
	}
	evs, err := p.events(words)
	if err != nil {
		return err
	}
	for _, ev := range evs {
		p.teller.effects(line{ev, p.m.Step(ev)})
	}
	if held := p.m.Snapshot().String(); held != p.held {
		p.held = held
		fmt.Fprintf(&p.out, "    = %s\n", held)
	}
	return nil
}

func (p *player) events(words []string) ([]Event, error) {
	if words[0] != "up" {
		ev, err := parseEvent(words)
		return []Event{ev}, err
	}
	if len(words) != 3 {
		return nil, fmt.Errorf("want a generation and a digest")
	}
	g, err := parseGen(words[1])
	if err != nil {
		return nil, err
	}
	evs := []Event{Spawned{Gen: g, Digest: Digest(words[2])}, Greeted{Gen: g}}
	if p.set.Sockets == 0 {
		evs = append(evs, SaidReady{Gen: g})
	}
	for i := range p.set.Sockets {
		evs = append(evs, Accepting{Gen: g, Sockets: []int{i}})
	}
	if p.set.Probe && p.m.Snapshot().Starts > 1 {
		evs = append(evs, ProbeDone{Gen: g})
	}
	return append(evs, Opened{Gen: g}), nil
}

func (s Snapshot) String() string {
	var held []string
	for _, g := range s.Generations {
		held = append(held, words(number(int(g.Num)), string(g.Phase), when(g.OnTrial, "on trial")))
	}
	if s.Waiting != "" {
		held = append(held, string(s.Waiting)+" waits")
	}
	if s.Pending {
		held = append(held, "a start is pending")
	}
	if s.Stopping {
		held = append(held, "stopping")
	}
	if held == nil {
		return "nothing"
	}
	return strings.Join(held, ", ")
}

// firstDifference shows where two texts part.
func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := 0; i < len(w) && i < len(g); i++ {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\n got %q\nwant %q\nrun with -update and read the difference", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("got %d lines, want %d", len(g), len(w))
}
