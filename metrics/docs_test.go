package metrics

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/metrics.md")

const docs = "../docs/metrics.md"

// The tables of docs/metrics.md are those of the code and of the alerts.
func TestDocs(t *testing.T) {
	var all strings.Builder
	all.WriteString("| metric | kind | labels | what |\n|---|---|---|---|\n")
	for _, r := range table {
		labels := ""
		if len(r.labels) > 0 {
			labels = "`" + strings.Join(r.labels, "`, `") + "`"
		}
		fmt.Fprintf(&all, "| `%s` | %s | %s | %s |\n", r.name, r.kind, labels, strings.ReplaceAll(r.help, "|", `\|`))
	}
	var raised strings.Builder
	raised.WriteString("| alert | severity | raised when |\n|---|---|---|\n")
	for _, a := range alerts(t) {
		fmt.Fprintf(&raised, "| %s | %s | `%s`%s |\n", a.name, a.severity, strings.ReplaceAll(a.expr, "|", `\|`), a.lasting)
	}
	was := read(t, docs)
	is := between(t, was, `(<!-- begin: the table[^\n]*-->\n)`, `(<!-- end -->)`, all.String())
	is = between(t, is, `(<!-- begin: alerts -->\n)`, `(<!-- end: alerts -->)`, raised.String())
	if is == was {
		return
	}
	if !*update {
		t.Fatalf("the tables of %s are old: go test -run TestDocs -update ./metrics", docs)
	}
	if err := os.WriteFile(docs, []byte(is), 0o644); err != nil {
		t.Fatal(err)
	}
}

// between puts a table between two marks.
func between(t *testing.T, text, begin, end, table string) string {
	t.Helper()
	place := regexp.MustCompile(`(?s)` + begin + `.*?` + end).FindStringSubmatchIndex(text)
	if place == nil {
		t.Fatalf("%s has no %s", docs, begin)
	}
	return text[:place[3]] + table + text[place[4]:]
}
