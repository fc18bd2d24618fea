package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Each is a text and a patch: what the bug is; the package, and the name, of the test
// that finds it where this command does not.
//
//go:embed mutants/*.patch
var mutants embed.FS

// A mutant is one deliberate bug.
type mutant struct {
	name, what string
	pkg, test  string
	patch      []byte
}

func readMutants() (all []mutant, err error) {
	files, err := fs.Glob(mutants, "mutants/*.patch")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := mutants.ReadFile(file)
		if err != nil {
			return nil, err
		}
		lines := strings.SplitN(string(text), "\n", 3)
		test, ok := strings.CutPrefix(lines[1], "test: ")
		fields := strings.Fields(test)
		if !ok || len(fields) != 2 {
			return nil, fmt.Errorf("%s: the second line is %q, want \"test: PACKAGE NAME\"", file, lines[1])
		}
		name := strings.TrimSuffix(filepath.Base(file), ".patch")
		all = append(all, mutant{name, lines[0], fields[0], fields[1], text})
	}
	return all, nil
}

// mutantBound is how long a mutant may take to be built, or a test of it.
const mutantBound = 10 * time.Minute

// tryMutants tries each in a copy of the module in the working directory. It fails
// where nothing finds one.
func tryMutants(o options) (code int, err error) {
	all, err := readMutants()
	if err != nil {
		return 1, err
	}
	fmt.Print("| bug | found by the torture | else by a test |\n|---|---|---|\n")
	for _, m := range all {
		row, err := tryMutant(m, o)
		if err != nil {
			return 1, fmt.Errorf("mutant %s: %w", m.name, err)
		}
		fmt.Printf("| %s | %s | %s |\n", m.what, row.torture, row.test)
		if row.torture == "no" && row.test == "" {
			code = 1
			fmt.Fprintf(os.Stderr, "torture: nothing finds the mutant %s\n", m.name)
		}
	}
	return code, nil
}

// A row says what has found a mutant.
type row struct {
	torture, test string
}

func tryMutant(m mutant, o options) (r row, err error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	if err := copyModule(dir, "."); err != nil {
		return r, err
	}
	if out, err := in(dir, m.patch, "git", "apply", "--whitespace=nowarn", "-"); err != nil {
		return r, fmt.Errorf("the patch does not fit the code any more: %w: %s", err, out)
	}
	binary := filepath.Join(dir, "torture.mutant")
	if out, err := in(dir, nil, "go", "build", "-o", binary, "./internal/torture"); err != nil {
		return r, fmt.Errorf("%w: %s", err, out)
	}
	began := time.Now()
	out, err := in(dir, nil, binary, "-q", "-json", "-shrink", "0", "-for", o.span.String(), "-seed", strconv.FormatUint(o.seed, 10))
	r.torture = "no"
	if err != nil {
		var found report
		if json.Unmarshal(out, &found) != nil || found.Violation == nil {
			return r, fmt.Errorf("no report: %w: %s", err, out)
		}
		return row{fmt.Sprintf("%s, after %v", found.Violation.Promise, time.Since(began).Round(time.Second)), "not asked"}, nil
	}
	if _, err = in(dir, nil, "go", "test", "-count=1", "-short", "-run", "^"+m.test+"$", m.pkg); err != nil {
		r.test = fmt.Sprintf("`%s` of `%s`", m.test, m.pkg)
	}
	return r, nil
}

// in runs a command in a directory, and returns its standard output.
func in(dir string, stdin []byte, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), mutantBound)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOWORK=off", "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	c.Stdin = strings.NewReader(string(stdin))
	c.WaitDelay = 10 * time.Second
	out, err := c.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && len(exit.Stderr) > 0 {
		err = fmt.Errorf("%w: %s", err, exit.Stderr[max(0, len(exit.Stderr)-2000):])
	}
	return out, err
}

// copyModule copies what the module is made of, and no nested module.
func copyModule(to, from string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, path)
		switch {
		case e.IsDir() && e.Name() == ".git":
			return fs.SkipDir
		case e.IsDir() && path != from && exists(filepath.Join(path, "go.mod")):
			return fs.SkipDir
		case e.IsDir():
			return os.MkdirAll(target, 0o755)
		case !e.Type().IsRegular() || e.Name() == ".git":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o644)
	})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
