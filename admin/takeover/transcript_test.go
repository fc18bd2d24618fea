package takeover

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer/admin"
)

var update = flag.Bool("update", false, "rewrite testdata/takeovers.txt")

// line is an event in a transcript of the machine.
var line = regexp.MustCompile(`^    - ([a-z ]+?)(?: ([0-9]+))?(?: ([a-z]))?(?: \((.*)\))?$`)

// transcripts returns the events of each of the machine's transcripts, a second
// apart, by name.
func transcripts(t *testing.T) (names []string, events map[string][]admin.Event) {
	t.Helper()
	files, err := filepath.Glob("../../internal/machine/testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("transcripts of the machine: %v, %v", files, err)
	}
	known := map[admin.Kind]bool{}
	for _, k := range admin.Kinds() {
		known[k] = true
	}
	events = map[string][]admin.Event{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		names = append(names, name)
		for l := range strings.Lines(string(text)) {
			m := line.FindStringSubmatch(strings.TrimRight(l, "\n"))
			if m == nil {
				continue
			}
			n, _ := strconv.Atoi(m[2])
			e := admin.Event{
				ID: uint64(len(events[name]) + 1), Time: time.Unix(int64(len(events[name])), 0),
				Kind: admin.Kind(strings.ReplaceAll(m[1], " ", "-")), Generation: n, Release: m[3], Reason: m[4],
			}
			if !known[e.Kind] {
				t.Errorf("%s: %q: no such kind of event", name, l)
			}
			events[name] = append(events[name], e)
		}
	}
	return names, events
}

// What the machine says in each of its transcripts is read as in
// testdata/takeovers.txt; a person may judge it there.
func TestTranscripts(t *testing.T) {
	var got strings.Builder
	names, events := transcripts(t)
	for _, name := range names {
		fmt.Fprintf(&got, "%s\n", name)
		var r Reader
		for _, e := range events[name] {
			for _, s := range r.Read(e) {
				got.WriteString("    " + describe(s) + "\n")
			}
		}
	}
	const golden = "testdata/takeovers.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the transcripts are read differently than %s says; look at the difference after go test -update\n%s", golden, got.String())
	}
}

func describe(s Step) string {
	text := fmt.Sprintf("%s %d", s.Takeover.Kind, s.Takeover.Generation)
	if s.Takeover.Release != "" {
		text += " " + s.Takeover.Release
	}
	switch s.Did {
	case Began:
		text += " began"
	case Staged:
		text += " in " + string(s.Takeover.Stage)
	case Ended:
		text += " " + string(s.Takeover.Result)
		if s.Takeover.Cause != None {
			text += fmt.Sprintf(" by %s (%s)", s.Takeover.Cause, s.Takeover.Reason)
		}
	}
	if s.Before != "" {
		text += fmt.Sprintf(", %s took %s", s.Before, s.Lasted)
	}
	return text
}
