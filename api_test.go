package overseer_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-3d078585/overseer"
	"github.com/seed-3d078585/overseer/fetcher"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Programs written against the documentation of the older library compile with
// nothing but the import path changed.
func TestOldProgramsCompile(t *testing.T) {
	programs, err := filepath.Glob("testdata/oldapi/*/main.go")
	if err != nil || len(programs) == 0 {
		t.Fatalf("programs of the older API: got %v, error %v", programs, err)
	}
	for _, goos := range []string{"linux", "darwin", "windows"} {
		t.Run(goos, func(t *testing.T) {
			args := []string{"vet"}
			for _, p := range programs {
				if goos == "windows" && filepath.Base(filepath.Dir(p)) == "signals" {
					continue // package syscall has no SIGUSR1 there
				}
				args = append(args, "./"+filepath.ToSlash(filepath.Dir(p)))
			}
			cmd := exec.CommandContext(t.Context(), "go", args...)
			cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
			}
		})
	}
}

// A field is named and typed as the documentation of the older library has it.
type field struct {
	name string
	want reflect.Type
}

func TestOldFields(t *testing.T) {
	for _, c := range []struct {
		of     reflect.Type
		fields []field
	}{
		{reflect.TypeFor[overseer.Config](), []field{
			{"Required", reflect.TypeFor[bool]()},
			{"Program", reflect.TypeFor[func(overseer.State)]()},
			{"Address", reflect.TypeFor[string]()},
			{"Addresses", reflect.TypeFor[[]string]()},
			{"RestartSignal", reflect.TypeFor[os.Signal]()},
			{"TerminateTimeout", reflect.TypeFor[time.Duration]()},
			{"MinFetchInterval", reflect.TypeFor[time.Duration]()},
			{"PreUpgrade", reflect.TypeFor[func(string) error]()},
			{"Debug", reflect.TypeFor[bool]()},
			{"NoWarn", reflect.TypeFor[bool]()},
			{"NoRestart", reflect.TypeFor[bool]()},
			{"NoRestartAfterFetch", reflect.TypeFor[bool]()},
			{"Fetcher", reflect.TypeFor[fetcher.Interface]()},
			{"ExecFile", reflect.TypeFor[string]()},
		}},
		{reflect.TypeFor[overseer.State](), []field{
			{"Enabled", reflect.TypeFor[bool]()},
			{"ID", reflect.TypeFor[string]()},
			{"StartedAt", reflect.TypeFor[time.Time]()},
			{"Listener", reflect.TypeFor[net.Listener]()},
			{"Listeners", reflect.TypeFor[[]net.Listener]()},
			{"Address", reflect.TypeFor[string]()},
			{"Addresses", reflect.TypeFor[[]string]()},
			{"GracefulShutdown", reflect.TypeFor[chan bool]()},
			{"BinPath", reflect.TypeFor[string]()},
		}},
	} {
		for _, f := range c.fields {
			t.Run(c.of.Name()+"."+f.name, func(t *testing.T) {
				got, ok := c.of.FieldByName(f.name)
				switch {
				case !ok:
					t.Errorf("%v has no field %s, want one of type %v", c.of, f.name, f.want)
				case got.Type != f.want:
					t.Errorf("%v.%s: got type %v, want %v", c.of, f.name, got.Type, f.want)
				}
			})
		}
	}
}

func TestDisabledState(t *testing.T) {
	if s := overseer.DisabledState; !reflect.DeepEqual(s, overseer.State{}) {
		t.Errorf("DisabledState: got %+v, want the zero State", s)
	}
}

// TestAPI holds the exported API, one line for each feature, so that a change of
// it is seen in a review. After a wanted change: go test -run TestAPI -update .
func TestAPI(t *testing.T) {
	const golden = "testdata/api.txt"
	got := features(exported(t))
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		want[line] = true
	}
	for line := range strings.Lines(got) {
		if !want[line] {
			t.Errorf("new: %s", line)
		}
		delete(want, line)
	}
	for line := range want {
		t.Errorf("gone: %s", line)
	}
	if t.Failed() {
		t.Logf("if that is wanted: go test -run %s -update .", t.Name())
	}
}

// exported returns the package as a program that imports it sees it on Linux.
func exported(t *testing.T) *types.Package {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-json=ImportPath,Export", ".")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -export: %v", err)
	}
	files := map[string]string{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct{ ImportPath, Export string }
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list -export: %v", err)
		}
		files[p.ImportPath] = p.Export
	}
	open := func(path string) (io.ReadCloser, error) { return os.Open(files[path]) }
	pkg, err := importer.ForCompiler(token.NewFileSet(), "gc", open).Import(modulePath)
	if err != nil {
		t.Fatalf("import %s: %v", modulePath, err)
	}
	return pkg
}

// features lists what a package exports.
func features(pkg *types.Package) string {
	var b strings.Builder
	name := func(p *types.Package) string {
		if p == pkg {
			return ""
		}
		return p.Name()
	}
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for _, n := range pkg.Scope().Names() {
		object := pkg.Scope().Lookup(n)
		if !object.Exported() {
			continue
		}
		named, ok := object.(*types.TypeName)
		if !ok {
			text := types.ObjectString(object, name)
			if c, ok := object.(*types.Const); ok && c.Type().String() == "time.Duration" {
				text += fmt.Sprintf(" // %v", duration(c))
			}
			line("%s", text)
			continue
		}
		under := named.Type().Underlying()
		if s, ok := under.(*types.Struct); ok {
			line("type %s struct", n)
			for f := range s.Fields() {
				if f.Exported() {
					line("type %s struct, %s %s", n, f.Name(), types.TypeString(f.Type(), name))
				}
			}
		} else {
			line("type %s %s", n, types.TypeString(under, name))
		}
		methods := types.NewMethodSet(types.NewPointer(named.Type()))
		for m := range methods.Methods() {
			if m.Obj().Exported() {
				line("%s", types.ObjectString(m.Obj(), name))
			}
		}
	}
	return b.String()
}

func duration(c *types.Const) time.Duration {
	var d time.Duration
	fmt.Sscan(c.Val().ExactString(), (*int64)(&d))
	return d
}
