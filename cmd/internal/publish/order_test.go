package publish_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/cmd/internal/publish"
)

// What a manifest names is on the disk, under its name, before the manifest is
// renamed into place; the names are flushed too.
func TestManifestIsRenamedLast(t *testing.T) {
	f := newFixture(t)
	f.publish("stable", "1.0.0")
	f.add("stable", "1.1.0")
	var steps []string
	f.open(publish.Options{Before: func(step, name string) {
		kind, rest, _ := strings.Cut(name, "/")
		if rest != "" && !strings.HasPrefix(kind, ".") {
			name = kind + "/…"
		}
		steps = append(steps, step+" "+name)
	}})
	_, err := f.Publish(t.Context(), "", f.how())
	f.want(err)
	want := []string{
		"rename programs/…", "sync programs",
		"rename deltas/…", "sync deltas",
		"write signatures/…", "sync signatures/…", "rename signatures/…", "sync signatures",
		"write history/…", "sync history/…", "mkdir history/…", "sync history", "rename history/…", "sync history/…",
		"write stable.json", "sync stable.json", "rename stable.json", "sync .",
		"write stable.json.minisig", "sync stable.json.minisig", "rename stable.json.minisig", "sync .",
		"remove .draft/stable/draft.json", "remove .draft/stable",
	}
	steps = slices.DeleteFunc(steps, func(s string) bool {
		return strings.Contains(s, ".overseer") || s == "mkdir deltas" || s == "mkdir history"
	})
	if i := slices.Index(steps, "rename programs/…"); i > 0 {
		steps = steps[i:]
	}
	if got := compact(steps); !slices.Equal(got, want) {
		t.Errorf("the steps are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// compact leaves out the flushes that belong to a directory just made.
func compact(steps []string) (kept []string) {
	for i, s := range steps {
		if s == "sync ." && i > 0 && !strings.HasPrefix(steps[i-1], "rename stable") {
			continue
		}
		kept = append(kept, s)
	}
	return kept
}
