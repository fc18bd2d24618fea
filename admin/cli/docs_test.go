package cli

import (
	"os"
	"strings"
	"testing"
)

// docs/cli.md has each command, result and exit code.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	has := func(text string) {
		t.Helper()
		if !strings.Contains(string(guide), text) {
			t.Errorf("docs/cli.md has no %s", text)
		}
	}
	for _, c := range Commands() {
		has("`" + c.Name + "`")
		for _, a := range c.Aliases {
			has("`" + a + "`")
		}
	}
	for _, r := range []Result{Ordered, IsLive, Installed, NothingNew, Staged, HasFailed, WentBack, WasRefused, Unknown} {
		has("| `" + string(r) + "` |")
	}
	for l := range strings.Lines(exitCodes) {
		if code, _, ok := strings.Cut(strings.TrimSpace(l), "  "); ok {
			has("| " + code + " |")
		}
	}
	for _, f := range commonFlags[:5] {
		has("`--" + f)
	}
}
