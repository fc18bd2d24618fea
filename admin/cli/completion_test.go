package cli

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func script(t *testing.T, program, shell string) string {
	t.Helper()
	e := Env{Program: program, Others: []Word{{Name: "release", About: "it's for publishers", Words: []Word{
		{Name: "keys", Words: []Word{{Name: "init", Flags: []Option{{Name: "root", Value: "FILE"}}}}},
	}}}}
	got := runIn(t, e, "completion", shell)
	if got.code != ExitDone {
		t.Fatalf("code %d: %s", got.code, got.err)
	}
	return got.out
}

// completions are what bash, zsh or fish offers for a line, whose last word is
// begun.
var lines = []struct {
	words []string
	want  []string // some of what is offered
	not   string
}{
	{[]string{"sta"}, []string{"status"}, "restart"},
	{[]string{""}, []string{"status", "rollback", "unhold", "release", "doctor", "help"}, ""},
	{[]string{"status", "--"}, []string{"--json", "--pid", "--check"}, "--to"},
	{[]string{"rollback", "--to", ""}, []string{"standby", "previous"}, "status"},
	{[]string{"quarantine", "f"}, []string{"forget"}, "list"},
	{[]string{"quarantine", "forget", "--ye"}, []string{"--yes"}, ""},
	{[]string{"help", "hol"}, []string{"hold"}, ""},
	{[]string{"release", "keys", "init", "--r"}, []string{"--root"}, ""},
	{[]string{"status", "--json", "--nam"}, []string{"--name"}, ""},
	{[]string{"log-level", ""}, []string{"debug", "error"}, "status"},
	{[]string{"events", "--kind", "rolled"}, []string{"rolled-back"}, ""},
}

func check(t *testing.T, shell string, words, want []string, not string, offered []string) {
	t.Helper()
	for _, w := range want {
		if !slices.Contains(offered, w) {
			t.Errorf("%s offers %q for %q, want %q", shell, offered, words, w)
		}
	}
	if not != "" && slices.Contains(offered, not) {
		t.Errorf("%s offers %q for %q, and %q does not belong there", shell, offered, words, not)
	}
}

func shell(t *testing.T, name string, args ...string) []string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("there is no %s here", name)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = t.TempDir() // no files to be offered
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestCompletionOfBash(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"overseer", "app overseer"} {
		text := script(t, program, "bash")
		shell(t, "bash", "-n", "-c", text)
		before := strings.Fields(program)
		for _, l := range lines {
			words := append(slices.Clone(before), l.words...)
			ask := text + "\nCOMP_WORDS=(" + quoteAll(words) + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _" + before[0] + "_complete; printf '%s\\n' \"${COMPREPLY[@]}\""
			check(t, "bash", words, l.want, l.not, shell(t, "bash", "--norc", "-c", ask))
		}
	}
}

func quoteAll(words []string) string {
	var all []string
	for _, w := range words {
		all = append(all, shellQuote(w))
	}
	return strings.Join(all, " ")
}

func TestCompletionOfFish(t *testing.T) {
	t.Parallel()
	text := script(t, "overseer", "fish")
	for _, l := range lines {
		out := shell(t, "fish", "--no-config", "-c", text+"\ncomplete -C "+fishQuote("overseer "+strings.Join(l.words, " ")))
		for i := range out {
			out[i], _, _ = strings.Cut(out[i], "\t")
		}
		check(t, "fish", l.words, l.want, l.not, out)
	}
}

// zsh completes inside a line editor only: its script is parsed, and its table asked
// with what collects the answers put in place of zsh's own functions.
func TestCompletionOfZsh(t *testing.T) {
	t.Parallel()
	text := script(t, "overseer", "zsh")
	shell(t, "zsh", "-f", "-n", "-c", text)
	fakes := `compdef() { :; }
compadd() { shift; print -l -- "$@"; }
_files() { :; }
_message() { :; }
_describe() { local name=${@[-1]}; local all=(${(P)name}) one; for one in $all; do print -r -- "${one%%:*}"; done; }
`
	for _, l := range lines {
		words := append([]string{"overseer"}, l.words...)
		last := l.words[len(l.words)-1]
		ask := fakes + text + "\nwords=(" + quoteAll(words) + "); CURRENT=${#words}; PREFIX=" + shellQuote(last) + "; _overseer_complete"
		check(t, "zsh", words, l.want, "", shell(t, "zsh", "-f", "-c", ask))
	}
}

func TestCompletionUsage(t *testing.T) {
	for _, args := range [][]string{{"completion"}, {"completion", "csh"}, {"completion", "bash", "zsh"}} {
		if got := runIn(t, Env{}, args...); got.code != ExitUsage {
			t.Errorf("%q: code %d", args, got.code)
		}
	}
}
