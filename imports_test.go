package overseer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const modulePath = "github.com/seed-3d078585/overseer"

// floors is the shape of the module: a package imports only from floors below
// its own. A name that ends in /* stands for all packages of that folder; the
// root is a dot. The nested modules, cmd on floor 6, trust/tuf on floor 3 and metrics and
// tracing on floor 3, are no part of this list; they may import public packages
// only.
//
// Test support stands one floor above what it tests.
const floors = `
	6  examples/* internal/adminbench internal/releasebench internal/scalebench internal/torture
	5  .
	4  admin/cli internal/master internal/worker internal/update internal/isolate
	3  admin/doctor internal/store fetcher/fetchertest trust/trusttest
	2  fetcher trust probe admin/admintest admin/takeover internal/socket internal/credential internal/pidfile internal/durable/durabletest internal/archive internal/item internal/journal internal/digests
	1  release delta admin loadtest internal/machine internal/durable internal/proc internal/handover internal/systemd internal/shim internal/peer internal/usage internal/rundir
`

// dependencies are the modules that packages of this one may use. Each process
// of each user carries them twice.
var dependencies = []string{
	"golang.org/x/sys",
	"aead.dev/minisign",
	"golang.org/x/crypto", // of minisign
	"golang.org/x/mod",
	"github.com/klauspost/compress",
	"github.com/ulikunitz/xz",
}

// A listed is what go list says of one package.
type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
	Module     *struct{ Path string }
}

// goList lists packages as they are built for one system.
func goList(t *testing.T, goos string, args ...string) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Imports,Standard,Module"}, args...)...)
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list for %s: %v\n%s", goos, err, stderr.String())
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("go list for %s: %v", goos, err)
		}
		all = append(all, p)
	}
}

// A house is the plan: the floor of each package, by its path in the module.
type house map[string]int

func readFloors(t *testing.T, text string) house {
	h := house{}
	for line := range strings.Lines(strings.TrimSpace(text)) {
		fields := strings.Fields(line)
		floor, err := strconv.Atoi(fields[0])
		if err != nil {
			t.Fatalf("floors: %q: the line begins with no number", line)
		}
		for _, name := range fields[1:] {
			h[name] = floor
		}
	}
	return h
}

// floor returns the floor of a package, and the name by which the table has it.
func (h house) floor(name string) (floor int, entry string, ok bool) {
	for _, entry := range []string{name, path.Dir(name) + "/*"} {
		if floor, ok := h[entry]; ok {
			return floor, entry, true
		}
	}
	return 0, "", false
}

// inModule returns the path of a package inside this module, the root as a dot.
func inModule(importPath string) (string, bool) {
	if importPath == modulePath {
		return ".", true
	}
	return strings.CutPrefix(importPath, modulePath+"/")
}

// check returns what is wrong with one import.
func (h house) check(from, to string) error {
	above, _, ok := h.floor(from)
	if !ok {
		return fmt.Errorf("%s has no floor: give it a floor in the table of imports_test.go", from)
	}
	below, _, ok := h.floor(to)
	switch {
	case !ok:
		return fmt.Errorf("%s has no floor: give it a floor in the table of imports_test.go", to)
	case below >= above:
		return fmt.Errorf("%s (floor %d) imports %s (floor %d): imports run downward only", from, above, to, below)
	case from != "." && !isInternal(from) && isInternal(to):
		return fmt.Errorf("%s imports %s: a public package imports nothing from internal/", from, to)
	}
	return nil
}

func isInternal(name string) bool { return slices.Contains(strings.Split(name, "/"), "internal") }

func TestImportsRunDownward(t *testing.T) {
	h := readFloors(t, floors)
	found := map[string]bool{}
	for _, goos := range []string{"linux", "darwin", "freebsd", "windows"} {
		for _, p := range goList(t, goos, "./...") {
			from, ok := inModule(p.ImportPath)
			if !ok {
				t.Errorf("go list ./... names %s, which is not of module %s", p.ImportPath, modulePath)
				continue
			}
			_, entry, ok := h.floor(from)
			if !ok {
				t.Errorf("%s has no floor: give it a floor in the table of imports_test.go", from)
			}
			found[entry] = true
			for _, imported := range p.Imports {
				if to, ok := inModule(imported); ok {
					if err := h.check(from, to); err != nil {
						t.Errorf("%s: %v", goos, err)
					}
				}
			}
		}
	}
	for entry := range h {
		if !found[entry] && !strings.HasSuffix(entry, "/*") {
			t.Errorf("%s has a floor and no package: take it out of the table of imports_test.go", entry)
		}
	}
}

func TestImportRules(t *testing.T) {
	h := readFloors(t, `
		3 . examples/*
		2 internal/high public
		1 internal/low release`)
	for _, c := range []struct {
		name, from, to string
		want           string // part of the error; empty: allowed
	}{
		{"downward", "internal/high", "internal/low", ""},
		{"public to public", "public", "release", ""},
		{"the root may use internal", ".", "internal/high", ""},
		{"same floor", "internal/high", "public", "downward only"},
		{"upward", "internal/low", "internal/high", "downward only"},
		{"the root is imported", "public", ".", "downward only"},
		{"public to internal", "public", "internal/low", "nothing from internal/"},
		{"example to internal", "examples/echo", "internal/low", "nothing from internal/"},
		{"example to public", "examples/echo", "public", ""},
		{"unknown importer", "internal/new", "release", "internal/new has no floor: give it a floor"},
		{"unknown import", "public", "internal/new", "internal/new has no floor: give it a floor"},
	} {
		t.Run(c.name, func(t *testing.T) {
			switch err := h.check(c.from, c.to); {
			case c.want == "" && err != nil:
				t.Errorf("%s imports %s: got error %v, want none", c.from, c.to, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%s imports %s: got error %v, want one with %q", c.from, c.to, err, c.want)
			}
		})
	}
}

func TestDependencies(t *testing.T) {
	for _, goos := range []string{"linux", "darwin", "freebsd", "windows"} {
		for _, p := range goList(t, goos, "-deps", "-test", "./...") {
			if p.Standard || p.Module == nil || p.Module.Path == modulePath {
				continue
			}
			if !slices.Contains(dependencies, p.Module.Path) {
				t.Errorf("%s: %s is of module %s; allowed are %v: what needs more is a nested module", goos, p.ImportPath, p.Module.Path, dependencies)
			}
		}
	}
}
