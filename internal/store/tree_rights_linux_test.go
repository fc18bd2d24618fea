package store

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

func init() {
	// Takes two releases all the way, whose files nobody may write and whose
	// directories nobody may enter, and discards a third.
	children["tree upgrades"] = func(args []string) error {
		s, err := OpenTrees(Trees{Home: args[0], Program: "bin/app", Keep: 2}, "")
		if err != nil {
			return err
		}
		fmt.Println("can:", s.CanUpgrade())
		for n := 2; n <= 5; n++ {
			v, err := trust.Check(context.Background(), trust.Insecure(), release.Candidate{Body: bytes.NewReader(shutTree(n))})
			if err != nil {
				return err
			}
			st, err := s.Stage(context.Background(), v, 0)
			if err != nil {
				fmt.Println("stage:", err)
				return nil
			}
			if n == 5 {
				fmt.Println("discard:", st.Discard())
				break
			}
			done, err := s.Install(context.Background(), st)
			fmt.Println("install:", err, done.Warnings)
		}
		return nil
	}
}

// shutTree is a release with hardly any permissions.
func shutTree(n int) []byte {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	number := fmt.Sprintln(n)
	program := "#!/bin/sh\ncat \"$(dirname \"$0\")/../share/number\"\n"
	for _, h := range []tar.Header{
		{Name: "bin/", Typeflag: tar.TypeDir, Mode: 0o111},
		{Name: "share/", Typeflag: tar.TypeDir, Mode: 0},
		{Name: "bin/app", Typeflag: tar.TypeReg, Mode: 0o6111, Size: int64(len(program))},
		{Name: "share/number", Typeflag: tar.TypeReg, Mode: 0, Size: int64(len(number))},
	} {
		if err := w.WriteHeader(&h); err != nil {
			panic(err)
		}
		if h.Name == "bin/app" {
			fmt.Fprint(w, program)
		} else if h.Size > 0 {
			fmt.Fprint(w, number)
		}
	}
	w.Close()
	return packed.Bytes()
}

// A user without rights upgrades the trees of a home of its own, whatever
// permissions an archive has, and removes those that are too many.
func TestTreeWithoutRights(t *testing.T) {
	asRoot(t)
	for _, row := range []struct {
		name string
		own  bool
		want []string
	}{
		{"its own", true, []string{"can: <nil>", "install: <nil> []", "discard: <nil>"}},
		{"of root", false, []string{"is not writable for user 65534", "stage: "}},
	} {
		t.Run(row.name, func(t *testing.T) {
			home := newHome(t)
			must(t, os.Chmod(filepath.Dir(home), 0o755))
			if row.own {
				must(t, filepath.WalkDir(home, func(path string, _ fs.DirEntry, err error) error {
					return errors.Join(err, os.Lchown(path, nobody, nobody))
				}))
			}
			out := asNobody(t, "tree upgrades", home)
			for _, want := range row.want {
				if !strings.Contains(out, want) {
					t.Errorf("output lacks %q:\n%s", want, out)
				}
			}
			if !row.own {
				wantSays(t, home, "current", 1)
				wantTrees(t, home, "first")
				return
			}
			wantSays(t, home, "current", 4)
			wantSays(t, home, "previous", 3)
			wantTrees(t, home, "first", sum(shutTree(3)).String(), sum(shutTree(4)).String())
			app := filepath.Join(home, "current", "bin/app")
			if info, err := os.Stat(app); err != nil || info.Mode() != 0o511 || rights(t, app).uid != nobody {
				t.Errorf("the program has %v, %+v, %v", info.Mode(), rights(t, app), err)
			}
		})
	}
}
