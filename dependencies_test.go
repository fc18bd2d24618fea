package overseer_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// dependencyRow is a line of the table in docs/security.md.
var dependencyRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| `([^`]+)` \\| (.+) \\|$")

// What each module of this repository needs is listed with the reason, and
// nothing else is.
func TestDependenciesAreListed(t *testing.T) {
	_, section, ok := strings.Cut(read(t, "docs/security.md"), "\n## Dependencies\n")
	if !ok {
		t.Fatal("docs/security.md has no section of that name")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	listed := map[[2]string]bool{}
	for _, row := range dependencyRow.FindAllStringSubmatch(section, -1) {
		listed[[2]string{row[1], row[2]}] = true
	}
	work, err := modfile.ParseWork("go.work", []byte(read(t, "go.work")), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, use := range work.Use {
		dir := filepath.ToSlash(filepath.Clean(use.Path))
		name := filepath.Join(dir, "go.mod")
		mod, err := modfile.Parse(name, []byte(read(t, name)), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, needs := range mod.Require {
			if needs.Indirect || needs.Mod.Path == modulePath || strings.HasPrefix(needs.Mod.Path, modulePath+"/") {
				continue
			}
			row := [2]string{dir, needs.Mod.Path}
			if !listed[row] {
				t.Errorf("%s needs %s, and docs/security.md does not say why", name, needs.Mod.Path)
			}
			delete(listed, row)
		}
	}
	for row := range listed {
		t.Errorf("docs/security.md says why %s needs %s, and its go.mod does not name it", row[0], row[1])
	}
}
