package overseer_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testName = regexp.MustCompile("`((?:Test|Example)[A-Z_]\\w*)(?:/[^`]*)?`")
	link     = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
)

// A promise names the test that proves it, and a page its example; the name must
// be that of one.
func TestDocumentsNameTests(t *testing.T) {
	var tests strings.Builder
	err := filepath.WalkDir(".", func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		tests.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !testName.MatchString(read(t, "README.md")) {
		t.Fatal("README.md names no test")
	}
	for _, document := range documents(t) {
		for _, name := range testName.FindAllStringSubmatch(read(t, document), -1) {
			if text := tests.String(); !strings.Contains(text, "\nfunc "+name[1]+"(t *testing.T)") && !strings.Contains(text, "\nfunc "+name[1]+"()") {
				t.Errorf("%s names %s, and there is no such test", document, name[1])
			}
		}
	}
}

// documents returns all pages.
func documents(t *testing.T) (all []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		some, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, some...)
	}
	return all
}

func TestDocumentsLinkToFiles(t *testing.T) {
	for _, document := range documents(t) {
		for _, to := range link.FindAllStringSubmatch(read(t, document), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(document), to[1])); err != nil {
				t.Errorf("%s links to %s: %v", document, to[1], err)
			}
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
