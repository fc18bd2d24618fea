package main

import (
	"os/exec"
	"testing"
)

// TestMutantsFit: the bugs can be put into the code as it is.
func TestMutantsFit(t *testing.T) {
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("this host has no git")
	}
	all, err := readMutants()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Errorf("%d mutants, want 10 at least", len(all))
	}
	for _, m := range all {
		if out, err := in("../..", m.patch, git, "apply", "--check", "-"); err != nil {
			t.Errorf("%s: mend the patch: %v %s", m.name, err, out)
		}
	}
}
